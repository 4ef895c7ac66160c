import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A worker of a peer in a process of its own, which does one thing at a time as it is told, and says when it is done. */
export interface WorkerProcess extends AsyncDisposable {
  /** To take jobs of that queue from now on, or of none. */
  work(queue: string | undefined): Promise<void>;
}

/** Resolves when it is connected. */
export async function startWorker(file: string, ...args: readonly string[]): Promise<WorkerProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, { execArgv: process.execArgv });
  let answered: PromiseWithResolvers<void> = Promise.withResolvers();
  child.on('message', () => answered.resolve());
  child.on('exit', (code) =>
    answered.reject(new Error(`Expected ${file} to be done, but it ended with code ${code}.`)),
  );
  await answered.promise;
  return {
    async work(queue) {
      answered = Promise.withResolvers();
      child.send({ queue });
      await answered.promise;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      answered.promise.catch(() => {});
      child.kill();
      await ended;
    },
  };
}

/** The other side: tells that it is connected, and does what it is told. */
export function obey(work: (queue: string | undefined) => Promise<void>): void {
  process.on('message', ({ queue }: { readonly queue?: string }) => {
    void work(queue).then(() => process.send?.('done'));
  });
  process.on('disconnect', () => process.kill(process.pid));
  process.send?.('done');
}
