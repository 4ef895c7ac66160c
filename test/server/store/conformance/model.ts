/** What a store must say, whatever was asked of it in whatever order: a model in memory, beside which stores are run. */
import type { Acknowledgement, Lease, LeaseFate } from '../../../../server/store/contract.ts';
import { COUNT } from './stage.ts';

/** By what a clock may be set back without an effect. */
const STEP_MS = 1000;

type Outcome = 'output' | 'failure';

interface Timed {
  /** Undefined for a delay. */
  readonly lease: Lease | undefined;
  readonly since: number;
  readonly until: number;
}

class ModelChunk {
  readonly index: number;
  /** Of its inputs. */
  readonly outcomes: (Outcome | undefined)[] = Array.from({ length: COUNT });
  held: Timed | undefined;
  fence = 0;
  losses = 0;

  constructor(index: number) {
    this.index = index;
  }

  get left(): number {
    return this.outcomes.filter((outcome) => outcome === undefined).length;
  }

  /** Whether its lease or delay is over. */
  over(now: number): boolean {
    return this.held !== undefined && (now >= this.held.until || this.held.since > now + STEP_MS);
  }
}

export interface ModelCounts {
  readonly inputs: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
}

export class ModelCall {
  state: 'open' | 'sealed' | 'done' | 'cancelled' = 'open';
  readonly chunks = new Map<number, ModelChunk>();

  /** Adds those that are new; false if it takes none. */
  append(indices: readonly number[]): boolean {
    const fresh = indices.filter((index) => !this.chunks.has(index));
    if (fresh.length > 0 && this.state !== 'open') return false;
    for (const index of fresh) this.chunks.set(index, new ModelChunk(index));
    return true;
  }

  seal(chunks: number): boolean {
    const whole = this.chunks.size === chunks && [...this.chunks.keys()].every((index) => index < chunks);
    if (whole && this.state === 'open') this.state = 'sealed';
    this.#finish();
    return whole;
  }

  cancel(): void {
    if (this.state === 'done' || this.state === 'cancelled') return;
    this.state = 'cancelled';
    for (const chunk of this.chunks.values()) chunk.held = undefined;
  }

  retry(): number {
    const { failed, cancelled } = this.counts();
    if (failed + cancelled === 0) return 0;
    if (this.state !== 'open') this.state = 'sealed';
    for (const chunk of this.chunks.values()) {
      if (chunk.left === 0 && chunk.outcomes.includes('failure')) chunk.losses = 0;
      for (const [at, outcome] of chunk.outcomes.entries()) {
        if (outcome === 'failure') chunk.outcomes[at] = undefined;
      }
    }
    return failed + cancelled;
  }

  /** Indices of the chunks that can be leased now, rising. */
  claimable(now: number): number[] {
    if (this.state !== 'open' && this.state !== 'sealed') return [];
    const free = [...this.chunks.values()].filter((chunk) => chunk.left > 0 && (!chunk.held || chunk.over(now)));
    return free.map(({ index }) => index).toSorted((one, other) => one - other);
  }

  /** What the lease must tell of losses, and of positions that have an outcome. */
  lease(
    lease: Lease,
    { since, until }: { readonly since: number; readonly until: number },
  ): { losses: number; settled: number[] } {
    const chunk = this.chunks.get(lease.index)!;
    if (chunk.held?.lease) chunk.losses++;
    chunk.held = { lease, since, until };
    chunk.fence = lease.fence;
    const settled = [...chunk.outcomes.keys()].filter((at) => chunk.outcomes[at] !== undefined);
    return { losses: chunk.losses, settled: settled.map((at) => lease.index * COUNT + at) };
  }

  /** Does what the store has answered, and tells whether it may have answered so. */
  acknowledge(given: Acknowledgement, { taken, now }: { readonly taken: boolean; readonly now: number }): boolean {
    const chunk = this.chunks.get(given.lease.index)!;
    const holds = chunk.held?.lease?.fence === given.lease.fence;
    if (this.state === 'cancelled') return !taken;
    if (!holds) return !taken || chunk.fence === given.lease.fence;
    if (!taken) {
      // Nobody has asked for the chunk since its time was over; it may be free by now all the same.
      if (!chunk.over(now)) return false;
      chunk.held = undefined;
      chunk.losses++;
      return true;
    }
    for (const outcome of given.outcomes) {
      const from = outcome.first - chunk.index * COUNT;
      const to = from + (outcome.kind === 'outputs' ? outcome.count : 1);
      if (chunk.outcomes.slice(from, to).some((each) => each !== undefined)) continue;
      chunk.outcomes.fill(outcome.kind === 'outputs' ? 'output' : 'failure', from, to);
      chunk.losses = 0;
    }
    const { next } = given;
    if (chunk.left === 0 || next === 'finish') chunk.held = undefined;
    else if (next !== 'keep') {
      const { afterMs } = next.release;
      chunk.held = afterMs > 0 ? { lease: undefined, since: now, until: now + afterMs } : undefined;
    }
    this.#finish();
    return true;
  }

  /** As `acknowledge`. */
  renew(
    lease: Lease,
    { fate, now, leaseMs }: { readonly fate: LeaseFate; readonly now: number; readonly leaseMs: number },
  ): boolean {
    if (this.state === 'cancelled') return fate === 'cancelled';
    const chunk = this.chunks.get(lease.index)!;
    if (chunk.held?.lease?.fence !== lease.fence) return fate === 'lost' || (fate === 'held' && chunk.left === 0);
    if (fate === 'held') {
      chunk.held = { lease, since: now, until: now + leaseMs };
      return true;
    }
    if (!chunk.over(now)) return false;
    chunk.held = undefined;
    chunk.losses++;
    return true;
  }

  counts(): ModelCounts {
    const all = [...this.chunks.values()].flatMap(({ outcomes }) => outcomes);
    const done = all.filter((outcome) => outcome === 'output').length;
    const failed = all.filter((outcome) => outcome === 'failure').length;
    const left = all.length - done - failed;
    const cancelled = this.state === 'cancelled' ? left : 0;
    return { inputs: all.length, waiting: left - cancelled, done, failed, cancelled };
  }

  /** Position and kind of each outcome, by rising position. */
  outcomes(): (readonly [position: number, Outcome])[] {
    return [...this.chunks.values()]
      .toSorted((one, other) => one.index - other.index)
      .flatMap(({ index, outcomes }) =>
        outcomes.flatMap((outcome, at) => (outcome ? [[index * COUNT + at, outcome] as const] : [])),
      );
  }

  #finish(): void {
    if (this.state === 'sealed' && this.counts().waiting === 0) this.state = 'done';
  }
}
