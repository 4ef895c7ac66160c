import test from 'ava';
import { HostStore } from '../../../core/collection/host-store.ts';
import type { Device } from '../../../core/device/contract.ts';
import { resolveDevice } from '../../../core/device/index.ts';
import { checkBest, dataOf } from './nearest.ts';
import { storeConformance } from './store-conformance.ts';

// Found before any test is declared, since AVA starts once a file pauses after its first declaration.
const cuda = await resolveDevice('cuda').catch((error: unknown) => error as Error);

storeConformance({
  name: 'host memory, in float64',
  stores: { open: async (options) => new HostStore(options, { threads: 2, direct: Infinity }), dispose: () => {} },
  skip: undefined,
});

// Segments of 112 rows, so that small collections have several.
storeConformance({
  name: 'host memory, by ONNX Runtime',
  stores: {
    open: async (options) => new HostStore(options, { threads: 2, direct: 0, rowsPerSegment: 112 }),
    dispose: () => {},
  },
  skip: undefined,
});

const stand: Device = { kind: 'cpu', index: 0, name: 'stands for an accelerator', software: false, features: [] };

test('many queries are multiplied on the accelerator and few on the CPU, with the same answers', async (t) => {
  const options = { dims: 37, type: 'f16', metric: 'euclidean', rescore: false } as const;
  const store = new HostStore(options, { threads: 1, direct: 0, accelerator: stand });
  const data = dataOf(options, { seed: 20261124, rows: 500, queries: 40 });
  const rows = Uint32Array.from({ length: 500 }, (_, row) => row);
  store.write(rows, data.vectors);
  checkBest(t, await store.topK(data.queries, { k: 10 }), data, rows);
  const few = data.queries.slice(0, 31 * 37);
  const together = await store.topK(data.queries, { k: 10 });
  t.deepEqual((await store.topK(few, { k: 10 })).scores, together.scores.slice(0, 310));
  await store.dispose();
});

storeConformance(
  cuda instanceof Error
    ? { name: 'host memory, multiplied by CUDA', stores: undefined, skip: cuda.message }
    : {
        name: 'host memory, multiplied by CUDA',
        stores: {
          open: async (options) =>
            new HostStore(options, { threads: 2, direct: 0, accelerator: cuda, acceleratedFrom: 1 }),
          dispose: () => {},
        },
        skip: undefined,
      },
);

test('CUDA serves 32 queries or more, and says so', (t) => {
  const device: Device = { ...stand, kind: 'cuda' };
  const options = { dims: 3, type: 'f32', metric: 'dot', rescore: false } as const;
  const store = new HostStore(options, { threads: 1, direct: 0, accelerator: device });
  store.write(Uint32Array.of(0), Float32Array.of(1, 2, 3));
  t.is(store.explain({ queries: 31, k: 1 }).backend, 'onnxruntime: Gemm and ReduceMax (cpu)');
  t.is(store.explain({ queries: 32, k: 1 }).backend, 'onnxruntime: Gemm and ReduceMax (cuda)');
});
