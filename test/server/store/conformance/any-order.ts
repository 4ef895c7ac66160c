/** Whatever is asked for in whatever order, the store says what the model says. */
import { randomUUID } from 'node:crypto';
import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import type { Acknowledgement, ChunkStore, Lease } from '../../../../server/store/contract.ts';
import type { CallOutcome } from '../../../../shard/call/contract.ts';
import { indicesOf } from '../../../../shard/wire/spans.ts';
import { ModelCall } from './model.ts';
import { type Check, chunk, claim, COUNT, failure, LEASE_MS, outputs, type Stage, start } from './stage.ts';

/** Another with `WARPMAP_SEED`. */
const seed = Number(process.env['WARPMAP_SEED'] ?? 20261124);
const PLAYS = 40;
const CHUNKS = 4;

const slot = fc.nat(2);
const span = fc.tuple(fc.nat(COUNT - 1), fc.integer({ min: 1, max: COUNT }), fc.boolean());
const next = fc.constantFrom<Acknowledgement['next']>(
  'keep',
  'finish',
  'finish',
  { release: { afterMs: 0 } },
  { release: { afterMs: 10_000 } },
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(fc.nat(CHUNKS - 1), { maxLength: CHUNKS }), slot }) },
  { weight: 2, arbitrary: fc.record({ seal: fc.integer({ min: 1, max: CHUNKS }), slot }) },
  { weight: 5, arbitrary: fc.record({ claim: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ acknowledge: fc.nat(), spans: fc.array(span, { maxLength: 4 }), whole: fc.boolean(), next }),
  },
  { weight: 2, arbitrary: fc.record({ renew: fc.array(fc.nat(), { maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ advance: fc.constantFrom(5000, 12_000, LEASE_MS + 5000, -60_000) }) },
  { weight: 1, arbitrary: fc.record({ cancel: fc.constant(true), slot }) },
  { weight: 1, arbitrary: fc.record({ retry: fc.constant(true), slot }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.constant(true), slot }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

export function anyOrder(check: Check, plays = PLAYS): void {
  check(
    `asked for anything in any order, it says what a model in memory says (seed ${seed})`,
    async (t, store, stage) => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const play = new Play(t, { store, stage });
        for (const each of steps) {
          await play.take(each);
          await play.compare();
        }
        await play.clear();
      });
      await fc.assert(property, { seed, numRuns: plays });
    },
  );
}

interface Slot {
  readonly id: string;
  readonly model: ModelCall;
}

class Play {
  readonly #t: ExecutionContext;
  readonly #store: ChunkStore;
  readonly #stage: Stage;
  readonly #slots: (Slot | undefined)[] = [];
  readonly #leases: Lease[] = [];
  #now = 0;

  constructor(t: ExecutionContext, { store, stage }: { readonly store: ChunkStore; readonly stage: Stage }) {
    this.#t = t;
    this.#store = store;
    this.#stage = stage;
  }

  async take(each: Step): Promise<void> {
    if ('claim' in each) return this.#claim(each.claim);
    if ('acknowledge' in each) return this.#acknowledge(each);
    if ('renew' in each) return this.#renew(each.renew);
    if ('advance' in each) {
      this.#now += each.advance;
      await this.#stage.advance(each.advance);
      return;
    }
    const { id, model } = await this.#slot(each.slot);
    if ('append' in each) {
      const appending = this.#store.append(
        id,
        each.append.map((index) => chunk(index)),
      );
      if (model.append(each.append)) await appending;
      else await this.#t.throwsAsync(appending, { code: 'CALL_SEALED' });
    } else if ('seal' in each) {
      const sealing = this.#store.seal(id, { chunks: each.seal, inputs: each.seal * COUNT });
      if (model.seal(each.seal)) await sealing;
      else await this.#t.throwsAsync(sealing, { code: 'CALL_INCOMPLETE' });
    } else if ('cancel' in each) {
      model.cancel();
      await this.#store.cancel(id);
    } else if ('retry' in each) {
      this.#t.is(await this.#store.retry(id), model.retry());
    } else {
      await this.#store.remove(id);
      this.#slots[each.slot] = undefined;
    }
  }

  /** Of each call: state, counters, and its outcomes by position and as they came. */
  async compare(): Promise<void> {
    for (const { id, model } of this.#calls()) {
      const { state, counts } = await this.#store.status(id);
      const { inputs, pending, running, done, failed, cancelled } = counts;
      this.#t.deepEqual(
        { state, inputs, waiting: pending + running, done, failed, cancelled },
        { state: model.state, ...model.counts() },
      );
      this.#t.true(pending >= 0 && running >= 0);
      const expected = model.outcomes();
      const came = await this.#store.outcomes(id, { after: 0, limit: 1000 });
      this.#t.deepEqual(
        flat(came.outcomes).toSorted(([one], [other]) => one - other),
        expected,
      );
      const { outcomes } = await this.#store.outcomes(id, { from: 0, limit: 1000 });
      const gap = expected.findIndex(([position], at) => position !== at);
      this.#t.deepEqual(flat(outcomes), gap < 0 ? expected : expected.slice(0, gap));
    }
  }

  /** So that the next play begins without calls. */
  async clear(): Promise<void> {
    for (const { id } of this.#calls()) await this.#store.remove(id);
  }

  async #claim(limit: number): Promise<void> {
    const free = new Map(this.#calls().map(({ id, model }) => [id, model.claimable(this.#now)]));
    const most = [...free.values()].reduce((sum, { length }) => sum + length, 0);
    const leases = await claim(this.#store, limit);
    this.#t.is(leases.length, Math.min(limit, most));
    for (const lease of leases) {
      const { model } = this.#calls().find(({ id }) => id === lease.call)!;
      this.#t.is(free.get(lease.call)?.shift(), lease.index, 'by rising index, and none that another has');
      const times = { since: this.#now, until: this.#now + LEASE_MS };
      const { fence } = model.chunks.get(lease.index)!;
      this.#t.true(lease.fence > fence);
      const { losses, settled } = model.lease(lease, times);
      this.#t.deepEqual([lease.losses, indicesOf(lease.settled)], [losses, settled]);
      this.#leases.push(lease);
    }
  }

  async #acknowledge(each: Extract<Step, { acknowledge: number }>): Promise<void> {
    const lease = this.#leases[each.acknowledge % Math.max(1, this.#leases.length)];
    if (!lease) return;
    const { first, count } = lease;
    const spans = each.spans.map(([from, many, fails]): CallOutcome =>
      fails ? failure(first + from) : outputs(first + from, Math.min(many, count - from)),
    );
    const outcomes = each.whole
      ? [...spans, ...Array.from({ length: count }, (_, at) => outputs(first + at, 1))]
      : spans;
    const given = { lease, outcomes, retried: 0, next: each.next };
    const [taken] = await this.#store.acknowledge([given]);
    const call = this.#calls().find(({ id }) => id === lease.call);
    if (!call) return void this.#t.false(taken);
    this.#t.true(call.model.acknowledge(given, { taken: taken!, now: this.#now }), `it said ${taken}`);
  }

  async #renew(which: readonly number[]): Promise<void> {
    const leases = this.#leases.length === 0 ? [] : which.map((at) => this.#leases[at % this.#leases.length]!);
    const fates = await this.#store.renew(leases, LEASE_MS);
    this.#t.is(fates.length, leases.length);
    for (const [at, lease] of leases.entries()) {
      const fate = fates[at]!;
      const call = this.#calls().find(({ id }) => id === lease.call);
      if (!call) this.#t.is(fate, 'cancelled');
      else this.#t.true(call.model.renew(lease, { fate, now: this.#now, leaseMs: LEASE_MS }), `it said ${fate}`);
    }
  }

  #calls(): Slot[] {
    return this.#slots.filter((each) => each !== undefined);
  }

  async #slot(at: number): Promise<Slot> {
    const known = this.#slots[at];
    if (known) return known;
    const made = { id: randomUUID(), model: new ModelCall() };
    await this.#store.create(start({ id: made.id }));
    this.#slots[at] = made;
    return made;
  }
}

function flat(outcomes: readonly CallOutcome[]): (readonly [number, 'output' | 'failure'])[] {
  return outcomes.flatMap((outcome) => {
    const [count, kind] = outcome.kind === 'failure' ? [1, 'failure' as const] : [outcome.count, 'output' as const];
    return Array.from({ length: count }, (_, at) => [outcome.first + at, kind] as const);
  });
}
