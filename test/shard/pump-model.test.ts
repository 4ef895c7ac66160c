import { fc, testProp } from '@fast-check/ava';
import type { Answer, Batch } from '../../shard/contract.ts';
import { BatchError, InputError, ShardError } from '../../shard/errors.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, type RecordedLane } from './lanes.ts';

/** What a lane does with one batch, besides its work. */
interface Step {
  readonly delay: number;
  /** Where it breaks off, as a share of the batch; 1 or more is not at all. */
  readonly stop: number;
  readonly fault: 'lost' | 'busy' | 'short' | 'twice' | 'garbage';
  readonly part: number;
  readonly reversed: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  delay: fc.integer({ min: 0, max: 2000 }),
  stop: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  fault: fc.constantFrom('lost', 'busy', 'short', 'twice', 'garbage'),
  part: fc.integer({ min: 1, max: 7 }),
  reversed: fc.boolean(),
});

interface World {
  readonly clock: FakeClock;
  /** Faults that lanes may still commit, all together: fewer than one batch endures. */
  faults: number;
  readonly bad: ReadonlySet<number>;
  readonly poison: ReadonlySet<number>;
  /** How often the function ran to an answer on each input. */
  readonly answered: Map<number, number>;
}

function lane(name: string, steps: readonly Step[], world: World): RecordedLane<number, string> {
  let turn = 0;
  return laneOf(
    name,
    async function* (batch: Batch<number>, signal: AbortSignal) {
      const { delay, stop, fault, part, reversed } = steps[turn++ % steps.length]!;
      const length = batch.inputs.length;
      const breaks = stop < 1 && world.faults-- > 0;
      const end = breaks ? Math.floor(length * stop) : length;
      await world.clock.sleep(delay, signal);
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
        if (position % part === 0) await world.clock.sleep(delay / 10, signal);
        yield answer;
      }
      if (!breaks) return;
      if (fault === 'lost') throw new ShardError('LANE_LOST', 'cut');
      if (fault === 'busy') throw new ShardError('LANE_BUSY', 'full', { retryAfter: 500 });
      if (fault === 'garbage') throw new ShardError('FRAME_INVALID', 'garbage');
      if (fault === 'twice' && answers[0]) yield answers[0];
    },
    3,
  );
}

testProp(
  'under any mixture of delays and faults each input has one output, in order where asked, on bounded memory',
  [
    fc.record({
      count: fc.integer({ min: 0, max: 300 }),
      steps: fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      ordered: fc.boolean(),
      asynchronous: fc.boolean(),
      maxBatchSize: fc.integer({ min: 1, max: 40 }),
      window: fc.integer({ min: 1, max: 120 }),
      bad: fc.uniqueArray(fc.nat(299), { maxLength: 3 }),
      poison: fc.uniqueArray(fc.nat(299), { maxLength: 3 }),
      slow: fc.integer({ min: 0, max: 300 }),
      early: fc.constantFrom(0, 0.4),
    }),
  ],
  async (t, { count, steps, ordered, asynchronous, maxBatchSize, window, bad, poison, slow, early }) => {
    const clock = new FakeClock(early);
    const world: World = {
      clock,
      faults: 7,
      bad: new Set(bad),
      poison: new Set(poison),
      answered: new Map(),
    };
    const lanes = steps.map((one, index) => lane(`lane ${index}`, one, world));
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

    const model = Array.from({ length: count }, (_, input) =>
      world.bad.has(input) || world.poison.has(input) ? `failed ${input}` : `out ${input}`,
    );
    const seen = outputs.map((output) => (output instanceof InputError ? `failed ${output.index}` : output));
    t.deepEqual(ordered ? seen : seen.toSorted(), ordered ? model : model.toSorted());
    // One more may have left the pump while the consumer still holds it.
    t.true(outstanding <= window + 1, `${outstanding} inputs outstanding in a window of ${window}`);
    t.is(clock.pending, 0);
    for (const [input, times] of world.answered) {
      t.true(times <= 1 + 7, `input ${input} ran ${times} times`);
    }
  },
  { numRuns: 400 },
);
