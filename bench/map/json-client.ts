/** What a backend team would write first: JSON batches over undici, p-queue bounding those in flight. */
import PQueue from 'p-queue';
import { Pool } from 'undici';

const CONCURRENCY = 4;

export class JsonClient implements AsyncDisposable {
  /** Inputs of one request. */
  batchSize = 1024;
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool(url, { connections: CONCURRENCY });
  }

  /** Outputs in the order of the inputs, at most twice the concurrency in batches held at once. */
  async *map<Output>(name: string, inputs: Iterable<number>): AsyncGenerator<Output, void, undefined> {
    const queue = new PQueue({ concurrency: CONCURRENCY });
    const ahead: Promise<Output[]>[] = [];
    for (const batch of batches(inputs, this.batchSize)) {
      ahead.push(queue.add(() => this.#send<Output>(name, batch)));
      if (ahead.length >= 2 * CONCURRENCY) yield* await ahead.shift()!;
    }
    for (const outputs of ahead) yield* await outputs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.close();
  }

  async #send<Output>(name: string, inputs: readonly number[]): Promise<Output[]> {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: `/${name}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    if (statusCode !== 200) throw new Error(`Expected status 200, got ${statusCode}: ${await body.text()}`);
    const { outputs } = (await body.json()) as { readonly outputs: Output[] };
    return outputs;
  }
}

function* batches(inputs: Iterable<number>, size: number): Generator<number[]> {
  let batch: number[] = [];
  for (const input of inputs) {
    batch.push(input);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
