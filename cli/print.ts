import { once } from 'node:events';

/** Writes to standard output, and waits where that is full. `| head` closes it, which is an end and no failure. */
export async function print(text: string | Uint8Array): Promise<void> {
  listen();
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`error ${error.code ?? 'UNKNOWN'}: standard output can't be written: ${error.message}\n`);
    process.exit(1);
  });
}
