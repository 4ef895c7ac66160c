import { Inbox } from '../../shard/inbox.ts';
import type { RemoteError } from '../../shard/wire/message.ts';
import type { Node, StreamPart, StreamStart } from '../node.ts';

/** The generator failed for its input, and what it failed with. */
export class GeneratorFailed extends Error {
  readonly remote: RemoteError;

  constructor(remote: RemoteError) {
    super(remote.message);
    this.remote = remote;
  }
}

/** One run of a generator on one node. */
export class StreamRun<Y> {
  readonly #node: Node;
  readonly #start: StreamStart;
  readonly #signal: AbortSignal;
  readonly #inbox = new Inbox<StreamPart>();
  #told = 0;
  #begun = false;

  constructor(node: Node, start: StreamStart, signal: AbortSignal) {
    this.#node = node;
    this.#start = start;
    this.#signal = signal;
  }

  /** Whether an item has come. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Leaving the loop ends the run. Throws `GeneratorFailed`, and as `Lane.send` does. */
  async *items(): AsyncGenerator<Y, void, undefined> {
    const over = new AbortController();
    void this.#receive(AbortSignal.any([over.signal, this.#signal]));
    let taken = 0;
    try {
      for await (const part of this.#inbox) {
        if ('error' in part) throw new GeneratorFailed(part.error);
        this.#begun = true;
        for (const item of part.items) {
          yield item as Y;
          this.#tell(++taken);
        }
      }
    } finally {
      over.abort();
    }
  }

  /** Read as they come, however slowly they are taken: no more come than are let wait. */
  async #receive(signal: AbortSignal): Promise<void> {
    try {
      for await (const part of this.#node.stream(this.#start, signal)) this.#inbox.push(part);
      this.#inbox.end();
    } catch (error) {
      this.#inbox.fail(error);
    }
  }

  #tell(taken: number): void {
    const { call, batch, ahead } = this.#start;
    if (taken - this.#told < ahead / 2) return;
    this.#told = taken;
    this.#node.taken({ call: call.id, batch, count: taken }).catch((error: unknown) => this.#inbox.fail(error));
  }
}
