import type { ItemStream } from '../../core/functions/stream.ts';

/** The streams that run here, so that their clients can tell what they have taken. */
export class Streams {
  readonly #open = new Map<string, Pick<ItemStream, 'taken'>>();

  /** Enters a stream until disposed. */
  enter(call: string, batch: number, stream: Pick<ItemStream, 'taken'>): Disposable {
    const key = keyOf(call, batch);
    this.#open.set(key, stream);
    return {
      [Symbol.dispose]: () => {
        if (this.#open.get(key) === stream) this.#open.delete(key);
      },
    };
  }

  /** A stream that has ended needs to know no more. */
  taken(call: string, batch: number, count: number): void {
    this.#open.get(keyOf(call, batch))?.taken(count);
  }
}

function keyOf(call: string, batch: number): string {
  return `${batch} ${call}`;
}
