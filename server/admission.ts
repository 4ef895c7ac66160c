import { ServerError } from './errors.ts';
import type { Limits } from './limits.ts';

type Bounds = Pick<Limits, 'batchesInFlight' | 'inputsInFlight' | 'bytesInFlight'>;

/** Leave to hold one batch; all of it is given back when disposed. */
export interface Permit extends Disposable {
  /** Takes leave for bytes of the batch's body as they arrive. Throws `OVERLOADED`. */
  takeBytes(count: number): void;
  /** Takes leave for the batch's inputs, once they are counted. Throws `OVERLOADED`. */
  takeInputs(count: number): void;
}

/** Counts what this node holds, and refuses at the door what it could only queue. */
export class Admission {
  readonly #bounds: Bounds;
  readonly #idle: (() => void)[] = [];
  #batches = 0;
  #inputs = 0;
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get batches(): number {
    return this.#batches;
  }

  get inputs(): number {
    return this.#inputs;
  }

  /** Throws `OVERLOADED`. */
  admit(): Permit {
    const { batchesInFlight, inputsInFlight, bytesInFlight } = this.#bounds;
    if (this.#batches >= batchesInFlight) throw overloaded(`${this.#batches} batches`);
    this.#batches++;
    let inputs = 0;
    let bytes = 0;
    let open = true;
    return {
      takeBytes: (count) => {
        if (exceeds(this.#bytes, bytes, count, bytesInFlight)) throw overloaded(`${this.#bytes} bytes`);
        this.#bytes += count;
        bytes += count;
      },
      takeInputs: (count) => {
        if (exceeds(this.#inputs, inputs, count, inputsInFlight)) throw overloaded(`${this.#inputs} inputs`);
        this.#inputs += count;
        inputs += count;
      },
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        this.#bytes -= bytes;
        this.#inputs -= inputs;
        this.#leave();
      },
    };
  }

  /** Counts the rest of a batch's answer as a batch in flight until disposed: it was admitted before. */
  readmit(): Disposable {
    this.#batches++;
    return { [Symbol.dispose]: () => this.#leave() };
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    if (this.#batches === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #leave(): void {
    this.#batches--;
    if (this.#batches === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** A lone batch is let in whatever its size: it could never be admitted otherwise. */
function exceeds(all: number, own: number, more: number, bound: number): boolean {
  return all > own && all + more > bound;
}

function overloaded(held: string): ServerError {
  return new ServerError(
    'OVERLOADED',
    `${held} are in flight, and this node takes no more; send the batch to another node, or again after a second`,
    { retryAfter: 1 },
  );
}
