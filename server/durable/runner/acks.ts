import type { Logger } from 'pino';
import type { CallFailure, CallOutcome } from '../../../shard/call/contract.ts';
import type { Clock } from '../../clock.ts';
import { ServerError } from '../../errors.ts';
import type { Acknowledgement, ChunkStore, LeaseName } from '../../store/contract.ts';
import { pause } from '../../pause.ts';
import { type RetryPolicy, retryDelay } from '../../../shard/retry.ts';

/** Milliseconds that outcomes wait for more, while their chunk goes on. */
const KEEP_MS = 100;
/** Bytes of outputs of one acknowledgement. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Bytes that may wait to be acknowledged, before those who bring more have to wait. */
const HOLD_BYTES = 64 * 1024 * 1024;

/** When a store that could not be reached is asked again. */
export const STORE_RETRIES: RetryPolicy = {
  maxRetries: Infinity,
  initialDelay: 250,
  backoffCoefficient: 2,
  maxDelay: 5_000,
  jitter: 0.2,
};

export interface AcksOptions {
  readonly store: Pick<ChunkStore, 'acknowledge'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Outcomes were taken, of the calls that are named. */
  readonly onTaken: (acknowledged: readonly Acknowledgement[]) => void;
  readonly onStoreError: (verb: string, error: unknown) => void;
}

/** What became of some inputs of one lease, and what becomes of it. */
export type Report = Omit<Acknowledgement, 'lease'>;

interface Entry {
  readonly lease: LeaseName;
  outcomes: CallOutcome[];
  bytes: number;
  retried: number;
  failures: readonly number[] | undefined;
  next: Acknowledgement['next'];
  readonly taken: PromiseWithResolvers<boolean>;
}

/**
 * Tells the store what became of inputs: what comes while it is busy goes together next time, of all chunks in one
 * transaction. While it can't be reached all waits, and nothing is forgotten.
 */
export class Acks implements Disposable {
  readonly #options: AcksOptions;
  #failures = 0;
  /** By lease. */
  readonly #waiting = new Map<string, Entry>();
  #bytes = 0;
  #sending = false;
  readonly #closed = new AbortController();
  #timer: Disposable | undefined;
  #room: (() => void)[] = [];

  constructor(options: AcksOptions) {
    this.#options = options;
  }

  /** Resolves to whether the lease was good when all of this was taken. */
  add(lease: LeaseName, { outcomes, retried, failures, next }: Report): Promise<boolean> {
    if (this.#closed.signal.aborted) return Promise.resolve(false);
    const key = keyOf(lease);
    let entry = this.#waiting.get(key);
    if (!entry) {
      entry = { lease, outcomes: [], bytes: 0, retried: 0, failures: undefined, next, taken: Promise.withResolvers() };
      this.#waiting.set(key, entry);
    }
    const bytes = bytesOf(outcomes);
    for (const outcome of outcomes) entry.outcomes.push(outcome);
    entry.bytes += bytes;
    entry.retried += retried;
    entry.failures = failures ?? entry.failures;
    entry.next = next;
    this.#bytes += bytes;
    if (next !== 'keep' || this.#bytes > MAX_BYTES) this.#send();
    else this.#timer ??= this.#options.clock.after(KEEP_MS, () => this.#send());
    return entry.taken.promise;
  }

  /** Resolves when more may be added. */
  async room(): Promise<void> {
    while (this.#bytes > HOLD_BYTES) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Gives up what waits: its leases run out. */
  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#timer?.[Symbol.dispose]();
    if (!this.#sending) this.#forget([...this.#waiting.values()]);
  }

  #send(): void {
    // Also while others are on their way: they take along what has come, and what comes later needs a timer anew.
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#sending) return;
    this.#sending = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed.signal.aborted) {
      const batch = this.#take();
      const entries = [...batch.values()];
      try {
        const good = await this.#options.store.acknowledge(entries.map(acknowledgementOf));
        this.#failures = 0;
        this.#taken(entries, good);
      } catch (error) {
        this.#options.onStoreError('acknowledge', error);
        if (isUnavailable(error)) {
          this.#putBack(batch);
          await pause(this.#options.clock, retryDelay(STORE_RETRIES, ++this.#failures, Math.random), {
            signal: this.#closed.signal,
          });
        } else await this.#apart(entries);
      }
    }
    this.#sending = false;
    if (this.#closed.signal.aborted) this.#forget([...this.#waiting.values()]);
  }

  #forget(entries: readonly Entry[]): void {
    this.#waiting.clear();
    this.#taken(
      entries,
      entries.map(() => false),
    );
  }

  /** As much as goes into one transaction. */
  #take(): Map<string, Entry> {
    const batch = new Map<string, Entry>();
    let bytes = 0;
    for (const [key, entry] of this.#waiting) {
      if (batch.size > 0 && bytes + entry.bytes > MAX_BYTES) break;
      bytes += entry.bytes;
      batch.set(key, entry);
      this.#waiting.delete(key);
    }
    return batch;
  }

  /** Before what has come meanwhile. */
  #putBack(batch: ReadonlyMap<string, Entry>): void {
    const later = [...this.#waiting];
    this.#waiting.clear();
    for (const [key, entry] of batch) this.#waiting.set(key, entry);
    for (const [key, entry] of later) {
      const before = batch.get(key);
      this.#waiting.set(key, before ? merged(before, entry) : entry);
    }
  }

  /** What is wrong with one must not keep the others from being taken. */
  async #apart(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      try {
        this.#taken([entry], await this.#options.store.acknowledge([acknowledgementOf(entry)]));
      } catch (error) {
        const { call, index } = entry.lease;
        this.#options.log.error({ err: error, call, chunk: index }, 'outcomes of a call could not be stored');
        this.#taken([entry], [false]);
      }
    }
  }

  #taken(entries: readonly Entry[], good: readonly boolean[]): void {
    this.#options.onTaken(entries.filter((_, at) => good[at]).map(acknowledgementOf));
    for (const [at, entry] of entries.entries()) {
      this.#bytes -= entry.bytes;
      entry.taken.resolve(good[at] ?? false);
    }
    if (this.#bytes <= HOLD_BYTES) for (const resolve of this.#room.splice(0)) resolve();
  }
}

function merged(before: Entry, after: Entry): Entry {
  // Who waits for the one waits for both.
  after.taken.promise.then(before.taken.resolve, before.taken.reject);
  return {
    lease: after.lease,
    outcomes: [...before.outcomes, ...after.outcomes],
    bytes: before.bytes + after.bytes,
    retried: before.retried + after.retried,
    failures: after.failures ?? before.failures,
    next: after.next,
    taken: after.taken,
  };
}

function acknowledgementOf({ lease, outcomes, retried, failures, next }: Entry): Acknowledgement {
  return { lease, outcomes, retried, next, ...(failures && { failures }) };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ServerError && ['STORE_UNAVAILABLE', 'OBJECTS_UNAVAILABLE'].includes(error.code);
}

function bytesOf(outcomes: readonly CallOutcome[]): number {
  return outcomes.reduce(
    (sum, outcome) => sum + (outcome.kind === 'outputs' ? outcome.block.length : bytesOfFailure(outcome.failure)),
    0,
  );
}

/** About. */
function bytesOfFailure({ error: { message, details }, input }: CallFailure): number {
  const { stack }: { readonly stack?: unknown } = details ?? {};
  return 256 + message.length + input.length + (typeof stack === 'string' ? stack.length : 0);
}

export function keyOf({ call, index, fence }: LeaseName): string {
  return `${call}/${index}/${fence}`;
}
