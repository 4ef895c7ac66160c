import { ServerError } from './errors.ts';
import type { Limits } from './limits.ts';

/** Leave to hold one batch; given back when disposed. */
export interface Permit extends Disposable {
  /** Takes leave for the batch's inputs, once they are counted. Throws `OVERLOADED`. */
  take(inputs: number): void;
}

/** Counts batches and inputs, and refuses at the door what the node could only queue. */
export class Admission {
  readonly #limits: Pick<Limits, 'batchesInFlight' | 'inputsInFlight'>;
  #batches = 0;
  #inputs = 0;
  #idle: (() => void)[] = [];

  constructor(limits: Pick<Limits, 'batchesInFlight' | 'inputsInFlight'>) {
    this.#limits = limits;
  }

  get batches(): number {
    return this.#batches;
  }

  get inputs(): number {
    return this.#inputs;
  }

  /** Throws `OVERLOADED`. */
  admit(): Permit {
    if (this.#batches >= this.#limits.batchesInFlight) {
      throw overloaded(`${this.#batches} batches are in flight, which is this node's limit`);
    }
    this.#batches++;
    let held = 0;
    let open = true;
    return {
      take: (inputs) => {
        // A lone batch is let in whatever its size: it could never be admitted otherwise.
        if (this.#inputs > 0 && this.#inputs + inputs > this.#limits.inputsInFlight) {
          throw overloaded(`${this.#inputs} inputs are in flight, and ${inputs} more would pass this node's limit`);
        }
        this.#inputs += inputs;
        held += inputs;
      },
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        this.#inputs -= held;
        this.#batches--;
        if (this.#batches === 0) for (const resolve of this.#idle.splice(0)) resolve();
      },
    };
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    if (this.#batches === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}

function overloaded(why: string): ServerError {
  return new ServerError('OVERLOADED', `${why}; send it to another node, or again after a second`, {
    retryAfter: 1,
  });
}
