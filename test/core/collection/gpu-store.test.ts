import test, { type ExecutionContext } from 'ava';
import { KernelError, openLauncher, type ElementType, type Launcher, type Metric } from '../../../kernels/index.ts';
import { dotReference } from '../../../kernels/dot/reference.ts';
import { GpuStore } from '../../../core/collection/gpu-store.ts';
import { gpuStores } from '../../../core/collection/gpu-stores.ts';
import type { StoreOptions } from '../../../core/collection/contract.ts';
import { HostStore } from '../../../core/collection/host-store.ts';
import type { Stores } from '../../../core/collection/stores.ts';
import { openGpu, resolveDevice, type DeviceRequest } from '../../../core/device/index.ts';
import { swiftShaderMissing } from '../../../core/device/swiftshader.ts';
import { CoreError } from '../../../core/errors.ts';
import { reals } from '../../kernels/vectors.ts';
import { storeConformance, type Subject } from './store-conformance.ts';

const missing = swiftShaderMissing();
const seed = 20261124;
const host: Stores = { open: async (options) => new HostStore(options, { threads: 2 }), dispose: () => {} };
const options = (dims: number): StoreOptions => ({ dims, type: 'f32', metric: 'dot', rescore: false });

/** Kernels are tested by each type and metric, on each device; here it is enough that both reach them. */
const serves = (type: ElementType, metric: Metric): boolean => SERVED.includes(`${type} ${metric}`);
const SERVED = ['f16 euclidean', 'i8 cosine', 'b1 jaccard'];

/** Segments of 256 rows of 3 components, so that small collections have several. */
async function onGpu(request: DeviceRequest): Promise<Subject> {
  const name = `GPU memory on ${request}`;
  try {
    const gpu = await openGpu(await resolveDevice(request));
    return { name, stores: gpuStores(gpu, { segmentBytes: 4800 }), skip: undefined, serves };
  } catch (error) {
    return { name, stores: undefined, skip: (error as Error).message };
  }
}

// Opened before any test is declared, since AVA starts once a file pauses after its first declaration.
const onGpus = await Promise.all((['software', 'webgpu'] as const).map(onGpu));

for (const subject of onGpus) storeConformance(subject);

/** The methods of a launcher, for an object that stands for it. */
function bound(launcher: Launcher): PropertyDescriptorMap {
  const names = ['pipeline', 'grid', 'scratch', 'upload', 'submit'] as const;
  return Object.fromEntries([
    ...names.map((name) => [name, { value: launcher[name].bind(launcher) }]),
    ['device', { value: launcher.device }],
  ]);
}

function withGpu(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (missing === undefined) test.serial(title, body);
  else test.skip(`${title}, but not on this machine: ${missing.reason}`, () => {});
}

withGpu('host and GPU memory give the same answers to the same calls, within the bound of the products', async (t) => {
  const [dims, count, queryCount, k] = [384, 900, 3, 50];
  const stores = gpuStores(await openGpu(await resolveDevice('software')), { segmentBytes: 400 * dims * 4 });
  const pair = [await host.open(options(dims)), await stores.open(options(dims))] as const;
  const [queries, items] = [reals(seed, queryCount * dims), reals(~seed, count * dims)];
  const { scores, bounds } = dotReference(queries, items, dims);
  for (const store of pair) {
    await store.write(
      Uint32Array.from({ length: count }, (_, row) => row),
      items,
    );
    const best = await store.topK(queries, { k });
    t.is(best.k, k);
    for (let at = 0; at < queryCount * k; at++) {
      const of = Math.floor(at / k) * count + best.rows[at]!;
      t.true(Math.abs(best.scores[at]! - scores[of]!) <= bounds[of]!);
    }
  }
  const [onHost, onDevice] = await Promise.all(pair.map((store) => store.topK(queries, { k })));
  // Random scores lie further apart than the bounds, but for rare neighbours, of which this seed has none.
  t.deepEqual(onDevice?.rows, onHost?.rows);
  const rows = Uint32Array.from({ length: 200 }, (_, at) => (at * 37) % count);
  const queryOf = rows.map((row) => row % queryCount);
  const [hostScores, deviceScores] = await Promise.all(pair.map(async (store) => store.score(queries, queryOf, rows)));
  const wrong = rows.findIndex((row, at) => {
    const bound = bounds[queryOf[at]! * count + row]!;
    return !(Math.abs(hostScores![at]! - deviceScores![at]!) <= 2 * bound);
  });
  t.is(wrong, -1);
  for (const store of pair) await store.dispose();
  await stores.dispose();
});

withGpu('what there was no memory for is never found, nor is a row scored that is not there', async (t) => {
  await using gpu = await openGpu(await resolveDevice('software'));
  await using launcher = openLauncher(gpu.gpuDevice);
  let limit = Infinity;
  const short: Launcher = Object.create(launcher, {
    allocate: {
      value: async (bytes: number) => {
        if (bytes > limit) throw new KernelError('OUT_OF_MEMORY', `no room for ${bytes}`);
        return launcher.allocate(bytes);
      },
    },
    ...bound(launcher),
  });
  const dims = 16;
  const store = new GpuStore(
    { dims, type: 'i8', metric: 'dot', rescore: true },
    { launcher: short, check: () => gpu.check(), segmentBytes: Infinity },
  );
  const rows = (first: number): Uint32Array => Uint32Array.from({ length: 64 }, (_, at) => first + at);
  await store.write(rows(0), new Float32Array(64 * dims).fill(1));
  // Room for the bytes of 128 rows, but not for their components in float32.
  limit = 4096;
  await t.throwsAsync(store.write(rows(64), new Float32Array(64 * dims).fill(2)), { code: 'OUT_OF_MEMORY' });
  t.is(store.size, 64);
  const query = new Float32Array(dims).fill(1);
  t.deepEqual([...(await store.topK(query, { k: 2 })).rows], [0, 1]);
  const refused = { instanceOf: CoreError, code: 'INPUT_INVALID', message: /below 64, got 64/ };
  await t.throwsAsync(store.score(query, Uint32Array.of(0, 0), Uint32Array.of(3, 64)), refused);
  store.dispose();
});

withGpu('more candidates than are scored at once have the same answers', async (t) => {
  const stores = gpuStores(await openGpu(await resolveDevice('software')), { segmentBytes: 4800 });
  const store = await stores.open({ dims: 3, type: 'i8', metric: 'dot', rescore: true });
  await store.write(
    Uint32Array.from({ length: 300 }, (_, row) => row),
    reals(seed, 900),
  );
  const queries = reals(~seed, 3 * 20);
  // 16 queries at a time make as many pairs as there may be.
  const parted = await store.topK(queries, { k: 100, oversample: 1000 });
  t.deepEqual(parted, await store.topK(queries, { k: 100, oversample: 3 }));
  await stores.dispose();
});

withGpu(
  'a lost device is DEVICE_LOST, in calls that run and in those that follow, and the next store opens it again',
  async (t) => {
    const gpu = await openGpu(await resolveDevice('software'));
    const stores = gpuStores(gpu);
    const store = await stores.open(options(2));
    await store.write(Uint32Array.of(0), Float32Array.of(3, 4));
    const expected = { instanceOf: CoreError, code: 'DEVICE_LOST', message: /vectors .* are lost/ };
    const running = t.throwsAsync(store.topK(Float32Array.of(1, 1), { k: 1 }), expected);
    gpu.gpuDevice.destroy();
    await running;
    await gpu.lost;
    await t.throwsAsync(async () => store.topK(Float32Array.of(1, 1), { k: 1 }), expected);
    await t.throwsAsync(async () => store.write(Uint32Array.of(1), Float32Array.of(1, 1)), expected);

    const next = await stores.open(options(2));
    await next.write(Uint32Array.of(0), Float32Array.of(3, 4));
    t.deepEqual([...(await next.score(Float32Array.of(1, 1), Uint32Array.of(0), Uint32Array.of(0)))], [7]);
    await t.throwsAsync(async () => store.topK(Float32Array.of(1, 1), { k: 1 }), expected, 'what was lost stays lost');
    await stores.dispose();
    await t.throwsAsync(async () => next.topK(Float32Array.of(1, 1), { k: 1 }), {
      instanceOf: CoreError,
      code: 'DISPOSED',
    });
  },
);
