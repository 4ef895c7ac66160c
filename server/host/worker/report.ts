import { packError } from '../../../core/thread/packed-error.ts';
import type { Issue } from '../../../shard/app/validate.ts';
import { estimateBytes } from '../../../shard/bytes.ts';
import { type Block, encodeBlock } from '../../../shard/wire/block.ts';
import { FRAME_HEADER_BYTES } from '../../../shard/wire/frame.ts';
import { MAX_FRAME_BYTES } from '../../../shard/wire/limits.ts';
import type { Failure, Piece, Results } from '../messages.ts';
import type { Channel } from './channel.ts';
import { ownStack } from './stack.ts';

/** Milliseconds that results may wait for others, so that messages are few and a crash costs little. */
const HOLD_MS = 20;
/** Estimated bytes of outputs above which they do not wait. */
const HOLD_BYTES = 256 * 1024;
/** What a client takes in one frame. */
const MAX_OUTPUT_BYTES = MAX_FRAME_BYTES - FRAME_HEADER_BYTES;

interface Output {
  readonly position: number;
  readonly value: unknown;
}

/** Gathers the results of one piece, and sends them together, outputs as they travel to the client. */
export class Report {
  readonly #channel: Channel;
  readonly #piece: Pick<Piece, 'id' | 'indices'>;
  readonly #prompt: boolean;
  #open: number;
  #outputs: Output[] = [];
  #bytes = 0;
  #failures: Failure[] = [];
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #held = false;
  /** Whether the node knows that this piece is done. */
  #told = false;

  /** `prompt`: each result is sent at once, since someone watches. */
  constructor(channel: Channel, piece: Pick<Piece, 'id' | 'indices'>, { prompt }: { readonly prompt: boolean }) {
    this.#channel = channel;
    this.#piece = piece;
    this.#prompt = prompt;
    this.#open = piece.indices.length;
  }

  /** Whether every input has been accounted for. */
  get done(): boolean {
    return this.#open === 0;
  }

  /** Whether what was sent should be taken before more is made. */
  get full(): boolean {
    return this.#held || this.#channel.full;
  }

  hold(full: boolean): void {
    this.#held = full;
  }

  value(position: number, value: unknown): void {
    this.#outputs.push({ position, value });
    this.#bytes += estimateBytes(value);
    this.#added();
  }

  /** `issues`: as in `Failure`. */
  failure(position: number, error: unknown, issues?: readonly Issue[]): void {
    this.#failures.push({ position, error: ownStack(packError(error)), ...(issues && { issues }) });
    this.#added();
  }

  /** Inputs whose results nobody wants. */
  skipped(count: number): void {
    this.#open -= count;
    if (this.#open === 0) this.#flush();
  }

  #added(): void {
    this.#open--;
    if (this.#open === 0 || this.#prompt || this.#bytes > HOLD_BYTES) return this.#flush();
    const now = performance.now();
    if (this.#timer === undefined) {
      this.#since = now;
      this.#timer = setTimeout(() => this.#flush(), HOLD_MS);
    } else if (now - this.#since > HOLD_MS) this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const runs = [...this.#runs()];
    for (const [at, run] of runs.entries()) this.#sendRun(run, at === runs.length - 1);
    [this.#outputs, this.#bytes] = [[], 0];
    const failures = this.#failures;
    this.#failures = [];
    if (failures.length > 0 || (this.done && !this.#told)) this.#send({ failures, done: this.done });
  }

  /** The outputs, cut where positions, or those in the batch, are not consecutive. */
  *#runs(): Generator<readonly Output[], void, undefined> {
    const { indices } = this.#piece;
    const outputs = this.#outputs.toSorted((one, other) => one.position - other.position);
    for (let from = 0; from < outputs.length;) {
      const { position } = outputs[from]!;
      let to = from + 1;
      for (; to < outputs.length; to++) {
        const next = outputs[to]!.position;
        if (next !== position + to - from || indices[next] !== indices[position]! + to - from) break;
      }
      yield outputs.slice(from, to);
      from = to;
    }
  }

  /**
   * Outputs that can't travel have failed, and no others. The last of the piece say so themselves: whoever has all
   * outputs of a batch finds no worker that still runs it.
   */
  #sendRun(run: readonly Output[], last: boolean): void {
    const [{ position }] = run as [Output];
    let block: Block;
    try {
      block = encodeBlock(
        run.map(({ value }) => value),
        { maxBytes: MAX_OUTPUT_BYTES, roughly: this.#bytes },
      );
    } catch (error) {
      if (run.length === 1) this.#failures.push({ position, error: ownStack(packError(error)) });
      else for (const [at, each] of run.entries()) this.#sendRun([each], last && at === run.length - 1);
      return;
    }
    const done = last && this.done && this.#failures.length === 0;
    this.#told = done;
    this.#send({ outputs: { position, count: run.length }, failures: [], done }, block);
  }

  #send(results: Omit<Results, 'piece'>, block?: Block): void {
    this.#channel.send({ type: 'results', results: { piece: this.#piece.id, ...results } }, block?.bytes);
  }
}
