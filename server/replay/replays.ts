import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { Recording } from './recording.ts';

/** What makes two batches the same: their client says so. */
export interface BatchIdentity {
  readonly call: string;
  readonly batch: number;
  readonly attempt: number;
}

export interface RunOfBatch {
  /** Undefined where the client has named no call: nobody can ask for the batch again. */
  readonly identity: BatchIdentity | undefined;
  /** A hash of the request's body. */
  readonly fingerprint: string;
  /** In which form it answers. */
  readonly mediaType: string;
  readonly controller: AbortController;
}

interface Entry extends RunOfBatch {
  readonly recording: Recording;
  /** What of `recording.bytes` is in the sum. */
  bytes: number;
  /** Ends a run that nobody listens to, or forgets one that has ended. */
  timer: Disposable | undefined;
}

/**
 * The batches that run here, and those that have ended a moment ago, by their identity: who was cut off can come back
 * and hear the rest, and a batch that comes twice is run once.
 */
export class Replays implements Disposable {
  readonly #limits: Pick<Limits, 'replayBytes' | 'replayMs'>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: Pick<Limits, 'replayBytes' | 'replayMs'>, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Bytes of answers that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The run of the same batch, if it is known. Throws `BATCH_CONFLICT` if that has another body, and `BATCH_UNKNOWN` if
   * its answer is not kept from the beginning.
   */
  find({ identity, fingerprint }: Pick<RunOfBatch, 'identity' | 'fingerprint'>): Recording | undefined {
    const known = identity && this.#entries.get(keyOf(identity));
    if (!known) return undefined;
    if (known.fingerprint === fingerprint) return this.resume(identity, 0);
    throw new ServerError(
      'BATCH_CONFLICT',
      `${nameOf(identity)} was sent before with another body; give each batch of a call a number of its own`,
    );
  }

  /** What a batch answers from piece number `from` on. Throws `BATCH_UNKNOWN`. */
  resume(identity: BatchIdentity, from: number): Recording {
    const known = this.#entries.get(keyOf(identity))?.recording;
    if (known?.has(from)) return known;
    throw new ServerError(
      'BATCH_UNKNOWN',
      known
        ? `Part ${from} of the answer to ${nameOf(identity)} is not kept; send the batch again as another attempt`
        : `${nameOf(identity)} is not known here, or not any more; send it again as another attempt`,
    );
  }

  /** Enters a run that begins. Once nobody listens to it for `replayMs`, its controller is aborted. */
  begin(run: RunOfBatch): Recording {
    const key = run.identity ? keyOf(run.identity) : Symbol('a batch without a name');
    const recording: Recording = new Recording({
      mediaType: run.mediaType,
      signal: run.controller.signal,
      onChange: () => this.#follow(key, entry),
    });
    const entry: Entry = { ...run, recording, bytes: 0, timer: undefined };
    if (typeof key === 'string') this.#entries.set(key, entry);
    return recording;
  }

  /** Stops a batch, and forgets it. */
  stop(identity: BatchIdentity): void {
    const entry = this.#entries.get(keyOf(identity));
    if (!entry) return;
    entry.controller.abort(new ServerError('CALL_CANCELLED', `${nameOf(identity)} was cancelled`));
    this.#forget(keyOf(identity), entry);
  }

  /** Forgets the batches of a call, which is cancelled. */
  forget(call: string): void {
    for (const [key, entry] of this.#entries) if (entry.identity?.call === call) this.#forget(key, entry);
  }

  [Symbol.dispose](): void {
    for (const [key, entry] of this.#entries) this.#forget(key, entry);
  }

  #follow(key: string | symbol, entry: Entry): void {
    const { recording, controller } = entry;
    const { replayMs } = this.#limits;
    if (typeof key === 'symbol') {
      recording.trim();
      if (recording.gone && recording.state === 'running') controller.abort(gone());
      return;
    }
    if (this.#entries.get(key) !== entry) return;
    this.#bytes += recording.bytes - entry.bytes;
    entry.bytes = recording.bytes;
    if (recording.state === 'failed') this.#forget(key, entry);
    else if (recording.state === 'ended') {
      entry.timer?.[Symbol.dispose]();
      entry.timer = this.#clock.after(replayMs, () => this.#forget(key, entry));
    } else if (!recording.gone) {
      entry.timer?.[Symbol.dispose]();
      entry.timer = undefined;
    } else entry.timer ??= this.#clock.after(replayMs, () => controller.abort(gone()));
    this.#keepWithin();
  }

  /** Forgets the oldest that have ended, then what those that run have told already. */
  #keepWithin(): void {
    const { replayBytes } = this.#limits;
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= replayBytes) return;
      if (entry.recording.state === 'ended') this.#forget(key, entry);
    }
    for (const entry of this.#entries.values()) {
      if (this.#bytes <= replayBytes) return;
      entry.recording.trim();
      this.#bytes += entry.recording.bytes - entry.bytes;
      entry.bytes = entry.recording.bytes;
    }
  }

  #forget(key: string, entry: Entry): void {
    entry.timer?.[Symbol.dispose]();
    entry.timer = undefined;
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function gone(): ServerError {
  return new ServerError('CLIENT_GONE', 'The client closed the connection, and did not come back');
}

function keyOf({ call, batch, attempt }: BatchIdentity): string {
  return JSON.stringify([call, batch, attempt]);
}

function nameOf({ call, batch, attempt }: BatchIdentity): string {
  return `Batch ${batch}, attempt ${attempt}, of call ${JSON.stringify(call)}`;
}
