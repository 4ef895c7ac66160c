import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { PlannedCall } from './plan.ts';

const path = fileURLToPath(new URL('clientMain.ts', import.meta.url));

type Client = ChildProcessByStdio<null, Readable, Readable>;

/** The programs that begin calls, each in a process of its own. One that was killed is started again, with the same key. */
export class Clients implements AsyncDisposable {
  readonly #seed: number;
  readonly #urls: readonly string[];
  readonly #living = new Set<Client>();
  #closed = false;

  constructor(seed: number, urls: readonly string[]) {
    this.#seed = seed;
    this.#urls = urls;
  }

  get pids(): readonly number[] {
    return [...this.#living].flatMap(({ pid }) => pid ?? []);
  }

  /** Tells each call with its id once its inputs are durable; resolves when all are. */
  async begin(calls: readonly PlannedCall[], onBegun: (call: PlannedCall, id: string) => void): Promise<void> {
    const left = [...calls];
    while (left.length > 0) {
      const client: Client = spawn(
        process.execPath,
        [...process.execArgv, path, String(this.#seed), JSON.stringify(left), this.#urls.join()],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      this.#living.add(client);
      createInterface(client.stdout).on('line', (id) => onBegun(left.shift()!, id));
      const [stderr, [code, signal]] = await Promise.all([
        text(client.stderr),
        once(client, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      ]);
      this.#living.delete(client);
      if (this.#closed || (code !== 0 && signal !== 'SIGKILL')) {
        throw new Error(`A client ended with ${code ?? signal}: ${stderr}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#living].map(async (client) => {
        const ended = once(client, 'close');
        client.kill('SIGKILL');
        await ended;
      }),
    );
  }
}
