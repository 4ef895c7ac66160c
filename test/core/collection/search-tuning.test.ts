import test from 'ava';
import { SearchTuning } from '../../../core/collection/search-tuning.ts';
import { openGpu, resolveDevice } from '../../../core/device/index.ts';
import { swiftShaderMissing } from '../../../core/device/swiftshader.ts';
import { openLauncher, TILE_SHAPES } from '../../../kernels/index.ts';

const missing = swiftShaderMissing();
const onGpu = missing === undefined ? test.serial : test.serial.skip;
const suffix = missing === undefined ? '' : `, but not on this machine: ${missing.reason}`;
const search = { type: 'f32', metric: 'dot', dims: 4, queries: 1, rows: 100 } as const;

onGpu(`tiles are measured while searches go on, once, and kept for other processes${suffix}`, async (t) => {
  await using gpu = await openGpu(await resolveDevice('software'));
  await using launcher = openLauncher(gpu.gpuDevice);
  const kept = new Map<string, unknown>();
  let puts = 0;
  const store = {
    get: async (key: string) => kept.get(key),
    put: async (key: string, value: unknown) => {
      puts += 1;
      kept.set(key, value);
    },
  };
  const tuning = new SearchTuning(launcher, { store, leastBytes: 1 });
  t.is(tuning.shape(search), undefined);
  t.is(tuning.shape({ ...search, rows: 90 }), undefined);
  await tuning.settled();
  const shape = tuning.shape(search);
  t.true(Object.values(TILE_SHAPES).some((each) => each === shape));
  t.is(puts, 1);

  const another = new SearchTuning(launcher, { store, leastBytes: 1 });
  t.is(another.shape(search), undefined);
  await another.settled();
  t.is(another.shape(search), shape);
  t.is(puts, 1);
  gpu.check();
});

onGpu(`small collections, and what is at its end, are not measured, nor where that fails${suffix}`, async (t) => {
  await using gpu = await openGpu(await resolveDevice('software'));
  const launcher = openLauncher(gpu.gpuDevice);
  const store = { get: async () => undefined, put: async () => t.fail('something was measured') };
  const small = new SearchTuning(launcher, { store });
  t.is(small.shape(search), undefined);
  await small.settled();
  const ended = new SearchTuning(launcher, { store, leastBytes: 1 });
  await ended.end();
  t.is(ended.shape(search), undefined);
  await ended.settled();
  await launcher[Symbol.asyncDispose]();
  const failing = new SearchTuning(launcher, { store, leastBytes: 1 });
  t.is(failing.shape(search), undefined);
  await failing.settled();
  t.is(failing.shape(search), undefined);
});
