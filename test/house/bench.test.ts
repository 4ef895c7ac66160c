/** The form that all benchmarks share. */
import test from 'ava';
import type { Environment, Subject } from '../../bench/harness/contract.ts';
import { environmentOf, refuseEmulation } from '../../bench/harness/environment.ts';
import { measure } from '../../bench/harness/measure.ts';
import { seeded, shuffled } from '../../bench/harness/random.ts';
import { resultOf, resultsOf } from '../../bench/harness/results.ts';
import { leastCosine } from '../../bench/vectors.ts';

const subject = (name: string, { peer = false, run = async () => {} }: Partial<Subject> = {}): Subject => ({
  name,
  peer,
  run,
});

const environment: Environment = environmentOf({ kind: 'cpu', name: 'test', software: false }, 1);

test('each subject runs once uncounted, and then the order rotates from round to round', async (t) => {
  const order: string[] = [];
  const subjects = ['a', 'b', 'c'].map((name) => subject(name, { run: async () => void order.push(name) }));
  await measure(subjects, { rounds: 3 });
  t.is(order.join(''), 'abc' + 'abc' + 'bca' + 'cab');
});

test('a round takes what the clock says of it alone', async (t) => {
  let milliseconds = 0;
  const steps = [9000, 1000, 4000];
  const run = async (): Promise<void> => void (milliseconds += steps.shift() ?? 0);
  const [timing] = await measure([subject('a', { run })], { rounds: 2, now: () => milliseconds });
  t.deepEqual(timing?.seconds, [1, 4]);
});

test('a rate is the median of the rounds, beside the slowest and the fastest', (t) => {
  const rate = { question: 'how fast?', unit: 'things/s', amount: 12 };
  const valueOf = (seconds: number[]): unknown => {
    const [result] = resultsOf([{ subject: subject('a'), seconds }], rate, environment);
    return [result?.value, ...(result?.range ?? [])];
  };
  t.deepEqual(valueOf([2]), [6, 6, 6]);
  t.deepEqual(valueOf([3, 1, 2]), [6, 4, 12]);
  t.deepEqual(valueOf([1, 2, 3, 4]), [5, 3, 12]);
});

test('rates are set against the best peer, and against none where there is none', (t) => {
  const rate = { question: 'how fast?', unit: 'things/s', amount: 12 };
  const own = { subject: subject('own'), seconds: [1] };
  const slow = { subject: subject('slow', { peer: true }), seconds: [4] };
  const fast = { subject: subject('fast', { peer: true }), seconds: [2] };
  const ratios = resultsOf([own, slow, fast], rate, environment).map((result) => result.ratioToBestPeer);
  t.deepEqual(ratios, [2, 0.5, 1]);
  t.is(resultsOf([own], rate, environment)[0]?.ratioToBestPeer, null);
});

test('what is no rate has its own unit, and no peer', (t) => {
  const result = resultOf({ question: 'how much?', subject: 'own', value: 123.456, unit: 'MiB' }, environment);
  t.deepEqual([result.value, ...result.range, result.unit, result.ratioToBestPeer], [123.5, 123.5, 123.5, 'MiB', null]);
});

test('an emulated GPU is timed only by request, and never called a GPU', (t) => {
  const emulated = { kind: 'webgpu', name: 'SwiftShader', software: true };
  t.throws(() => refuseEmulation(emulated, undefined), { message: /no GPU/v });
  t.throws(() => refuseEmulation(emulated, 'webgpu'), { message: /no GPU/v });
  t.notThrows(() => refuseEmulation(emulated, 'software'));
  t.notThrows(() => refuseEmulation({ ...emulated, software: false }, undefined));
  t.is(environmentOf(emulated, 1).device, 'webgpu emulated on the CPU: SwiftShader');
});

test('a seed gives the same numbers on every machine', (t) => {
  const random = seeded(1);
  t.deepEqual([random(), random()], [0.6270739405881613, 0.002735721180215478]);
  const order = shuffled([0, 1, 2, 3, 4, 5, 6, 7], seeded(1));
  t.deepEqual(order, shuffled([0, 1, 2, 3, 4, 5, 6, 7], seeded(1)));
  t.deepEqual(
    order.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});

test('agreement is that of the two rows that agree least', (t) => {
  const a = Float32Array.of(1, 0, 0, 2);
  t.is(leastCosine(a, Float32Array.of(3, 0, 0, 1), 2), 1);
  t.is(leastCosine(a, Float32Array.of(3, 0, 1, 0), 2), 0);
  t.true(Number.isNaN(leastCosine(a, Float32Array.of(3, 0, Number.NaN, 0), 2)));
});
