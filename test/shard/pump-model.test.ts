import { setImmediate } from 'node:timers/promises';
import { fc, testProp } from '@fast-check/ava';
import type { Answer, Batch, Lane, Lanes } from '../../shard/contract.ts';
import { BatchError, InputError, ShardError } from '../../shard/errors.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';

/** What a lane does with one batch, besides its work. */
interface Step {
  readonly delay: number;
  /** Where it breaks off, as a share of the batch; 1 or more is not at all. */
  readonly stop: number;
  readonly fault: 'lost' | 'busy' | 'short' | 'twice' | 'garbage';
  readonly part: number;
  readonly reversed: boolean;
}

/** A lane that is there comes back as another of its name, and one that is not there comes. */
interface Change {
  readonly at: number;
  readonly lane: number;
  readonly there: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  delay: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 100_000 }) },
  ),
  stop: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  fault: fc.constantFrom('lost', 'busy', 'short', 'twice', 'garbage'),
  part: fc.integer({ min: 1, max: 7 }),
  reversed: fc.boolean(),
});

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.integer({ min: 0, max: 20_000 }),
  lane: fc.nat(2),
  there: fc.boolean(),
});

const CONCURRENCY = 3;
const RESTART = 2000;

interface World {
  readonly clock: FakeClock;
  /** Faults that lanes may still commit, all together: fewer than one batch endures. */
  faults: number;
  readonly bad: ReadonlySet<number>;
  readonly poison: ReadonlySet<number>;
  /** Inputs that no lane survives. */
  readonly deadly: ReadonlySet<number>;
  /** How often the function ran to an answer on each input. */
  readonly answered: Map<number, number>;
  batches: number;
  hedges: number;
  running: number;
  /** The most batches of a map that one lane ran at once. */
  most: number;
  /** Which lanes run which batches. */
  readonly where: Map<number, Set<string>>;
  /** Batches that were sent twice to one lane at once. */
  twice: number;
}

function laneOf(name: string, steps: readonly Step[], world: World): Lane<number, string> {
  const { clock } = world;
  let turn = 0;
  let downUntil = -Infinity;
  const running = new Set<AbortController>();

  const requireUp = (): void => {
    if (clock.now() < downUntil) throw new ShardError('LANE_LOST', 'refused', { reached: false });
  };

  async function* work(batch: Batch<number>, signal: AbortSignal): AsyncGenerator<Answer<string>> {
    const { delay, stop, fault, part, reversed } = steps[turn++ % steps.length]!;
    const length = batch.inputs.length;
    const breaks = stop < 1 && world.faults-- > 0;
    const end = breaks ? Math.floor(length * stop) : length;
    await clock.sleep(delay, signal);
    if (batch.inputs.some((input) => world.deadly.has(input))) {
      downUntil = clock.now() + RESTART;
      for (const each of running) each.abort(new ShardError('LANE_LOST', 'killed'));
      signal.throwIfAborted();
    }
    if (batch.inputs.some((input) => world.poison.has(input))) {
      throw new BatchError({ code: 'FUNCTION_FAILED', message: 'poison' });
    }
    const answers: Answer<string>[] = [];
    for (let first = 0; first < end; first++) {
      const input = batch.inputs[first]!;
      world.answered.set(input, (world.answered.get(input) ?? 0) + 1);
      if (world.bad.has(input)) answers.push({ index: first, error: { code: 'BAD', message: '' } });
      else answers.push({ first, outputs: [`out ${input}`] });
    }
    if (reversed) answers.reverse();
    for (const [position, answer] of answers.entries()) {
      if (position % part === 0) await clock.sleep(delay / 10, signal);
      yield answer;
    }
    if (!breaks) return;
    if (fault === 'lost') throw new ShardError('LANE_LOST', 'cut');
    if (fault === 'busy') throw new ShardError('LANE_BUSY', 'full', { retryAfter: 500 });
    if (fault === 'garbage') throw new ShardError('FRAME_INVALID', 'garbage');
    if (fault === 'twice' && answers[0]) yield answers[0];
  }

  return {
    name,
    concurrency: CONCURRENCY,
    async *send(batch, signal) {
      world.batches++;
      requireUp();
      const where = world.where.get(batch.number) ?? new Set();
      if (where.size > 0) world.hedges++;
      if (where.has(name)) world.twice++;
      world.where.set(batch.number, where.add(name));
      const died = new AbortController();
      running.add(died);
      world.running++;
      world.most = Math.max(world.most, running.size);
      try {
        yield* work(batch, AbortSignal.any([signal, died.signal]));
      } finally {
        running.delete(died);
        where.delete(name);
        world.running--;
      }
    },
    async check() {
      requireUp();
    },
  };
}

/** Lanes that come and go as planned; at the end all are there. */
function changing(
  count: number,
  make: (index: number) => Lane<number, string>,
  changes: readonly Change[],
  clock: FakeClock,
) {
  const present: (Lane<number, string> | undefined)[] = Array.from({ length: count }, (_, index) => make(index));
  const listeners = new Set<() => void>();
  const all = [...changes, ...present.map((_, lane) => ({ at: 30_000, lane, there: true }))];
  const timers = all.map(({ at, lane, there }) =>
    clock.after(at, () => {
      const index = lane % count;
      if (there) present[index] ??= make(index);
      else present[index] = undefined;
      for (const changed of listeners) changed();
    }),
  );
  const lanes: Lanes<number, string> = {
    get current() {
      return present.filter((lane) => lane !== undefined);
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
  const stop = (): number => {
    for (const timer of timers) timer();
    return listeners.size;
  };
  return { lanes, stop };
}

testProp(
  'under any mixture of delays, faults and changes each input has one output, in order where asked, on bounded memory',
  [
    fc.record({
      count: fc.integer({ min: 0, max: 300 }),
      steps: fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      changes: fc.oneof(fc.constant([]), fc.array(change, { maxLength: 6 })),
      ordered: fc.boolean(),
      asynchronous: fc.boolean(),
      hedge: fc.boolean(),
      maxBatchSize: fc.integer({ min: 1, max: 40 }),
      window: fc.integer({ min: 1, max: 120 }),
      bad: fc.uniqueArray(fc.nat(299), { maxLength: 3 }),
      poison: fc.uniqueArray(fc.nat(299), { maxLength: 3 }),
      deadly: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(299), { maxLength: 2 })),
      slow: fc.integer({ min: 0, max: 300 }),
      early: fc.constantFrom(0, 0.4),
    }),
  ],
  async (t, given) => {
    const { count, steps, changes, ordered, asynchronous, hedge, maxBatchSize, window, slow, early } = given;
    const clock = new FakeClock(early);
    const faults = given.deadly.length > 0 ? 2 : 7;
    const world: World = {
      clock,
      faults,
      bad: new Set(given.bad),
      poison: new Set(given.poison),
      deadly: new Set(given.deadly),
      answered: new Map(),
      batches: 0,
      hedges: 0,
      running: 0,
      most: 0,
      where: new Map(),
      twice: 0,
    };
    const make = (index: number): Lane<number, string> => laneOf(`lane ${index}`, steps[index]!, world);
    const { lanes, stop } = changing(steps.length, make, changes, clock);
    let read = 0;
    let taken = 0;
    let outstanding = 0;
    function* source(): Generator<number> {
      while (read < count) {
        outstanding = Math.max(outstanding, read + 1 - taken);
        yield read++;
      }
    }
    async function* slowSource(): AsyncGenerator<number> {
      for (const input of source()) {
        if (input % 10 === 9) await clock.sleep(slow);
        yield input;
      }
    }
    const outputs: (string | InputError)[] = [];
    const consume = async (): Promise<void> => {
      const map = pump(asynchronous ? slowSource() : source(), lanes, {
        ordered,
        returnErrors: true,
        hedge,
        maxBatchSize,
        window,
        clock,
        random: () => 0.5,
      });
      for await (const output of map) {
        taken++;
        outputs.push(output);
        if (taken % 50 === 0) await clock.sleep(slow);
      }
    };
    await clock.run(consume());

    const { bad, poison, deadly } = world;
    const model = Array.from({ length: count }, (_, input) =>
      bad.has(input) || poison.has(input) || deadly.has(input) ? `failed ${input}` : `out ${input}`,
    );
    const seen = outputs.map((output) => (output instanceof InputError ? `failed ${output.index}` : output));
    t.deepEqual(ordered ? seen : seen.toSorted(), ordered ? model : model.toSorted());
    // One more may have left the pump while the consumer still holds it.
    t.true(outstanding <= window + 1, `${outstanding} inputs outstanding in a window of ${window}`);
    t.is(stop(), 0, 'the map still listens to its lanes');
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    t.is(world.running, 0, 'batches are left running');
    t.is(clock.pending, 0);
    t.true(world.most <= CONCURRENCY, `${world.most} batches at once on a lane`);
    t.is(world.twice, 0, 'a batch was sent again to the lane that has it');
    const budget = hedge ? Math.max(1, Math.ceil(0.05 * world.batches)) : 0;
    t.true(world.hedges <= budget, `${world.hedges} hedges of ${world.batches} batches`);
    // Each death of a lane may cost all that it had an answer; at most eleven are the doing of one input.
    const most = 1 + faults + budget + 11 * deadly.size;
    for (const [input, times] of world.answered) t.true(times <= most, `input ${input} ran ${times} times`);
  },
  { numRuns: 400 },
);
