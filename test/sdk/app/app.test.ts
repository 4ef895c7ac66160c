import test from 'ava';
import { App } from '../../../sdk/app/app.ts';
import { context } from '../../../shard/app/context.ts';
import { definitionOf, type FunctionOptions, type SettledOptions } from '../../../shard/app/definition.ts';

const handler = (value: number): number => value;

const DEFAULTS: SettledOptions = {
  timeout: undefined,
  retries: {},
  concurrency: 1,
  minWorkers: 0,
  maxWorkers: 1,
  bufferWorkers: 0,
  scaledownWindow: 60_000,
  startupTimeout: 300_000,
  gpu: [],
  maxWorkerMemory: undefined,
  maxRunsPerWorker: undefined,
  volumes: {},
  maxBatchSize: undefined,
  schedule: undefined,
};

test('local runs the handler here, one input of a batched one too', async (t) => {
  const app = new App('a');
  const join = app.function('join', (text: string, times: number) => text.repeat(times));
  const doubled = app.batched('doubled', {}, async (values: readonly number[]) => values.map((value) => value * 2));
  t.is(await join.local('a', 3), 'aaa');
  t.is(await doubled.local(4), 8);
  const none = app.batched('none', {}, (_values: number[]) => []);
  await t.throwsAsync(none.local(1), { code: 'OUTPUTS_MISCOUNTED' });
});

test('a handler that is run here has a context, without a node to embed texts', async (t) => {
  const app = new App('a');
  const attempt = app.function('attempt', () => context().attempt);
  t.is(await attempt.local(), 0);
  const embed = app.function('embed', () => context().embed(['a']));
  await t.throwsAsync(embed.local(), { code: 'NO_CONTEXT' });
});

test('outside a handler there is no context', (t) => {
  t.throws(() => context(), { code: 'NO_CONTEXT', message: /call it inside a function/ });
});

test('an app tells those who run it what it has, with the defaults', (t) => {
  const app = new App('a');
  app.function('one', handler);
  app.batched(
    'two',
    { timeout: 5, retries: { maxRetries: 2 }, concurrency: 3, maxWorkers: 4 },
    (values: number[]) => values,
  );
  const { name, functions } = definitionOf(app)!;
  t.is(name, 'a');
  t.deepEqual(
    Array.from(functions.values(), (each) => each.options),
    [
      DEFAULTS,
      { ...DEFAULTS, timeout: 5, retries: { maxRetries: 2 }, concurrency: 3, maxWorkers: 4, maxBatchSize: 256 },
    ],
  );
  t.is(definitionOf({}), undefined);
});

for (const name of ['', '1st', 'a/b', 'a b', 'ä', 'a'.repeat(64), 7]) {
  test(`${JSON.stringify(name)} is no name of an app, nor of a function`, (t) => {
    t.throws(() => new App(name as string), { code: 'OPTION_INVALID' });
    t.throws(() => new App('a').function(name as string, handler), { code: 'OPTION_INVALID' });
  });
}

test('a name that is taken is refused', (t) => {
  const app = new App('a');
  app.function('b', handler);
  t.throws(() => app.batched('b', {}, (values: number[]) => values), {
    code: 'OPTION_INVALID',
    message: /has a function b already/,
  });
});

const isRefused = test.macro({
  title: (_, options: object) => `${JSON.stringify(options)} are no options of a function`,
  exec(t, options: object, message: RegExp) {
    t.throws(() => new App('a').function('b', options, handler), { code: 'OPTION_INVALID', message });
  },
});
test(isRefused, { gpus: 'h100' }, /Unknown option gpus of function "b"; known are timeout, /);
test(isRefused, { maxBatchSize: 1 }, /Unknown option maxBatchSize/);
test(isRefused, { timeout: 0 }, /Expected timeout to be a number above 0/);
test(isRefused, { retries: { max: 1 } }, /Unknown option max of retries/);
test(isRefused, { concurrency: 0 }, /Expected concurrency to be a whole number of 1 or more/);
test(isRefused, { maxWorkers: 1.5 }, /Expected maxWorkers to be a whole number/);
test(isRefused, { minWorkers: 2 }, /Expected minWorkers to be at most maxWorkers, which is 1, got 2/);
test(isRefused, { minWorkers: -1, maxWorkers: 2 }, /Expected minWorkers to be a whole number of 0 or more, got -1/);
test(isRefused, { bufferWorkers: 3, maxWorkers: 2 }, /Expected bufferWorkers to be at most maxWorkers/);
test(isRefused, { scaledownWindow: -1 }, /Expected scaledownWindow to be a number of 0 or more/);
test(isRefused, { startupTimeout: 0 }, /Expected startupTimeout to be a number above 0/);
test(isRefused, { maxWorkerMemory: 0 }, /Expected maxWorkerMemory to be bytes above 0/);
test(isRefused, { maxRunsPerWorker: 0.5 }, /Expected maxRunsPerWorker to be a whole number of 1 or more/);
test(isRefused, { gpu: '' }, /Expected gpu to be a name such as 'h100'/);
test(isRefused, { gpu: [] }, /Expected gpu to name at least one request/);
test(isRefused, { gpu: ['h100', { memory: 0 }] }, /Expected gpu.memory to be bytes above 0/);
test(
  isRefused,
  { gpu: { memory: '16 gigs' } },
  /Expected gpu.memory to be bytes above 0, or a text such as 16GiB, got 16 gigs/,
);
test(
  isRefused,
  { maxWorkerMemory: '2 G' },
  /Expected maxWorkerMemory to be bytes above 0, or a text such as 16GiB, got 2 G/,
);
test(isRefused, { gpu: { memmory: 1 } }, /Unknown option memmory of gpu/);

test('one request for a GPU is a list of one, and options at their bounds are taken', (t) => {
  const app = new App('a');
  const gpuOf = (gpu: NonNullable<FunctionOptions['gpu']>): SettledOptions['gpu'] =>
    new App('b').function('c', { gpu }, handler).options.gpu;
  t.deepEqual(gpuOf('h100'), ['h100']);
  t.deepEqual(gpuOf({ memory: 2 ** 34 }), [{ memory: 2 ** 34 }]);
  t.deepEqual(gpuOf([{ memory: '16GiB' }, { memory: '1.5 GB' }]), [{ memory: 2 ** 34 }, { memory: 1.5e9 }]);
  t.deepEqual(gpuOf(['h200', { memory: 2 ** 34 }]), ['h200', { memory: 2 ** 34 }]);
  t.like(app.function('most', { minWorkers: 2, maxWorkers: 2, bufferWorkers: 2 }, handler).options, {
    minWorkers: 2,
    bufferWorkers: 2,
  });
});
