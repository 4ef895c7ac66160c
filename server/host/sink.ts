import { Inbox } from '../../shard/inbox.ts';
import type { Block } from '../../shard/wire/block.ts';

/** What a generator in a worker yields, on its way to whoever takes it. */
export class Sink {
  readonly ahead: number;
  readonly #inbox = new Inbox<Block>();
  #begun = false;
  #taken = 0;
  #tell: (taken: number) => void = () => {};

  /** `ahead`: items that may wait to be taken. */
  constructor(ahead: number) {
    this.ahead = ahead;
  }

  /** Whether an item has come, so that the generator can't be run again. */
  get begun(): boolean {
    return this.#begun;
  }

  get items(): AsyncIterable<Block> {
    return this.#inbox;
  }

  /** Where the generator runs now; `tell` lets it go on. */
  connect(tell: (taken: number) => void): void {
    this.#tell = tell;
    if (this.#taken > 0) tell(this.#taken);
  }

  push(items: Block): void {
    this.#begun = true;
    this.#inbox.push(items);
  }

  taken(count: number): void {
    if (count <= this.#taken) return;
    this.#taken = count;
    this.#tell(count);
  }

  /** No more will come. */
  end(): void {
    this.#inbox.end();
  }
}
