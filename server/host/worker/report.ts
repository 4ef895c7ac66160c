import { packError } from '../../../core/thread/packed-error.ts';
import type { Issue } from '../../../shard/app/validate.ts';
import type { Failure, Results } from '../messages.ts';
import type { Channel } from './channel.ts';

/** Milliseconds that results may wait for others, so that messages are few and a crash costs little. */
const HOLD_MS = 20;

/** Gathers the results of one piece, and sends them together. */
export class Report {
  readonly #channel: Channel;
  readonly #piece: number;
  readonly #prompt: boolean;
  #open: number;
  #positions: number[] = [];
  #values: unknown[] = [];
  #failures: Failure[] = [];
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `prompt`: each result is sent at once, since someone watches. */
  constructor(channel: Channel, options: { piece: number; count: number; prompt: boolean }) {
    this.#channel = channel;
    this.#piece = options.piece;
    this.#prompt = options.prompt;
    this.#open = options.count;
  }

  /** Whether every input has been accounted for. */
  get done(): boolean {
    return this.#open === 0;
  }

  value(position: number, value: unknown): void {
    this.#positions.push(position);
    this.#values.push(value);
    this.#added();
  }

  /** `issues`: those of an input that does not fit its schema. */
  failure(position: number, error: unknown, issues?: readonly Issue[]): void {
    this.#failures.push({ position, error: packError(error), ...(issues && { issues }) });
    this.#added();
  }

  /** Inputs whose results nobody wants. */
  skipped(count: number): void {
    this.#open -= count;
    if (this.#open === 0) this.#flush();
  }

  #added(): void {
    this.#open--;
    if (this.#open === 0 || this.#prompt) return this.#flush();
    const now = performance.now();
    if (this.#timer === undefined) {
      this.#since = now;
      this.#timer = setTimeout(() => this.#flush(), HOLD_MS);
    } else if (now - this.#since > HOLD_MS) this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = {
      piece: this.#piece,
      positions: this.#positions,
      values: this.#values,
      failures: this.#failures,
      done: this.#open === 0,
    };
    [this.#positions, this.#values, this.#failures] = [[], [], []];
    try {
      this.#channel.send({ type: 'results', results: all });
    } catch {
      this.#sendEach(all);
    }
  }

  /** Some value can't be cloned: that input has failed, and no other. */
  #sendEach(all: Results): void {
    const none = { piece: all.piece, positions: [], values: [], failures: [], done: false };
    for (const [at, position] of all.positions.entries()) {
      try {
        const results = { ...none, positions: [position], values: [all.values[at]] };
        this.#channel.send({ type: 'results', results });
      } catch (error) {
        this.#channel.send({
          type: 'results',
          results: { ...none, failures: [{ position, error: packError(error) }] },
        });
      }
    }
    this.#channel.send({ type: 'results', results: { ...none, failures: all.failures, done: all.done } });
  }
}
