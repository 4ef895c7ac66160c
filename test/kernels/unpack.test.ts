import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { hostPanels, packPanels, unpack, unpackPanels, type HostPanels } from '../../kernels/index.ts';
import { onEveryGpu } from './gpus.ts';
import { runUnpack, type RowOptions } from './panel-calls.ts';
import { anything, bits, randomFrom, reals } from './vectors.ts';

const seed = 20261124;
const types = ['f32', 'f16', 'i8', 'b1'] as const;

/** Panels of any bits, with any finite scales, some NaN. */
function anyPanels(from: number, type: HostPanels['type'], rows: number, dims: number): HostPanels {
  const panels = hostPanels(type, dims, rows);
  const random = randomFrom(from);
  panels.words.set(bits(anything(from, panels.words.length)));
  panels.scales?.set(
    Float32Array.from(panels.scales, () => (random() < 0.1 ? NaN : random() * 10 ** (random() * 40 - 30))),
  );
  return panels;
}

/** The bits of the host, but that NaN times an integer is any NaN. */
function same(t: ExecutionContext, actual: Float32Array<ArrayBuffer>, expected: Float32Array<ArrayBuffer>): void {
  const [left, right] = [bits(actual), bits(expected)];
  const wrong = left.findIndex((word, at) => word !== right[at] && !(isNaN(actual[at]!) && isNaN(expected[at]!)));
  t.is(wrong, -1, `component ${wrong}: ${actual[wrong]}, not ${expected[wrong]}`);
  t.is(actual.length, expected.length);
}

onEveryGpu('unpack', (check) => {
  check('rows of each type have the bits that the host gives, at the edges of granules and panels', async (t, gpu) => {
    for (const type of types) {
      for (const [rows, dims] of [
        [1, 1],
        [65, 17],
        [64, 128],
        [129, 129],
      ] as const) {
        const panels = anyPanels(seed + rows, type, rows, dims);
        const actual = await runUnpack(gpu, panels);
        same(t, actual, unpackPanels(panels));
        if (type === 'f32') t.deepEqual(bits(actual), bits(unpackPanels(panels)), 'NaN keeps its payload');
      }
    }
  });

  check('every half is the float that it is', async (t, gpu) => {
    const panels = hostPanels('f16', 1024, 64);
    new Uint16Array(panels.words.buffer).set(Uint16Array.from({ length: 2 ** 16 }, (_, half) => half));
    t.deepEqual(bits(await runUnpack(gpu, panels)), bits(unpackPanels(panels)));
  });

  check(
    'rows that are listed come in that order, repeated if they are; those past the last are left',
    async (t, gpu) => {
      for (const type of types) {
        const panels = packPanels(reals(seed, 130 * 9), { type, columns: 9 });
        const rows = Uint32Array.of(129, 0, 64, 0, 63);
        same(t, await runUnpack(gpu, panels, { rows }), unpackPanels(panels, rows));
        same(t, await runUnpack(gpu, panels, { firstRow: 63 }), unpackPanels(panels).slice(63 * 9));
        const some = await runUnpack(gpu, panels, { rows: Uint32Array.of(130, 1, 2 ** 32 - 1) });
        same(t, some.slice(9, 18), unpackPanels(panels, Uint32Array.of(1)));
        t.true([...some.slice(0, 9), ...some.slice(18)].every(isNaN));
      }
    },
  );

  check(`any rows of any panels (seed ${seed})`, async (t, gpu) => {
    const call = fc.record({
      type: fc.constantFrom(...types),
      rows: fc.integer({ min: 1, max: 150 }),
      dims: fc.integer({ min: 1, max: 140 }),
      listed: fc.array(fc.nat(), { maxLength: 20 }),
      from: fc.integer(),
    });
    const property = fc.asyncProperty(call, async ({ type, rows, dims, listed, from }) => {
      const panels = anyPanels(from, type, rows, dims);
      const options: RowOptions = { rows: Uint32Array.from(listed, (row) => row % rows) };
      same(t, await runUnpack(gpu, panels, options), unpackPanels(panels, options.rows));
    });
    await fc.assert(property, { seed, numRuns: 40 });
  });

  check('more rows than one dimension of a dispatch can count, and the same bits again', async (t, gpu, { narrow }) => {
    const panels = anyPanels(seed, 'f16', 100, 5);
    const once = await runUnpack(gpu, panels);
    t.deepEqual(bits(await runUnpack(gpu, panels)), bits(once));
    t.deepEqual(bits(await runUnpack(narrow, panels)), bits(once));
  });

  check('none is an empty plan, and vectors that contradict the panels are refused', async (t, gpu) => {
    using lease = await gpu.scratch(4096);
    const { buffer } = lease;
    const panels = { buffer, type: 'f32', dims: 4, rows: 4 } as const;
    const vectors = { buffer, rows: 2, columns: 4 };
    t.is((await unpack.plan(gpu, { panels, vectors })).steps.length, 1);
    t.is((await unpack.plan(gpu, { panels, vectors: { ...vectors, rows: 0 } })).steps.length, 0);
    for (const wrong of [
      { panels, vectors: { ...vectors, columns: 3 } },
      { panels, vectors, firstRow: 3 },
      { panels, vectors, rows: { buffer, rows: 3, columns: 1 } },
      { panels: { ...panels, rows: 257 }, vectors },
      { panels: { ...panels, type: 'i8' as const }, vectors },
    ]) {
      await t.throwsAsync(unpack.plan(gpu, wrong), { code: 'INPUT_INVALID' });
    }
  });
});
