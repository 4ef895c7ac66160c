import { fc } from '@fast-check/ava';
import { move, packPanels, unpackPanels, type HostPanels } from '../../kernels/index.ts';
import { onEveryGpu } from './gpus.ts';
import { runMove } from './panel-calls.ts';
import { reals } from './vectors.ts';

const seed = 20261124;
const types = ['f32', 'f16', 'i8', 'b1'] as const;

/** What stands in each row, in units that tell rows apart. */
function rowsIn(panels: HostPanels): readonly string[] {
  const vectors = unpackPanels(panels);
  const { dims } = panels;
  return Array.from({ length: panels.rows }, (_, row) => vectors.subarray(row * dims, (row + 1) * dims).join());
}

onEveryGpu('move', (check) => {
  check(`any rows of any panels become rows side by side, and no others change (seed ${seed})`, async (t, gpu) => {
    const call = fc.record({
      type: fc.constantFrom(...types),
      rows: fc.integer({ min: 1, max: 150 }),
      dims: fc.integer({ min: 1, max: 140 }),
      listed: fc.array(fc.nat(), { maxLength: 100 }),
      toRow: fc.integer({ min: 0, max: 70 }),
      vectors: fc.integer(),
    });
    const property = fc.asyncProperty(call, async ({ type, rows, dims, listed, toRow, vectors }) => {
      const from = packPanels(reals(vectors, rows * dims), { type, columns: dims });
      const to = packPanels(reals(~vectors, 170 * dims), { type, columns: dims });
      const list = Uint32Array.from(listed, (row) => row % rows);
      const expected = [...rowsIn(to)];
      for (const [at, row] of list.entries()) expected[toRow + at] = rowsIn(from)[row]!;
      t.deepEqual(rowsIn(await runMove(gpu, from, to, { rows: list, toRow })), expected);
    });
    await fc.assert(property, { seed, numRuns: 40 });
  });

  check(
    'rows side by side move too, and a row past the last leaves its place as it was',
    async (t, gpu, { narrow }) => {
      for (const type of types) {
        const from = packPanels(reals(seed, 700 * 5), { type, columns: 5 });
        const to = packPanels(reals(~seed, 700 * 5), { type, columns: 5 });
        for (const launcher of [gpu, narrow]) {
          const moved = rowsIn(await runMove(launcher, from, to, { firstRow: 63, toRow: 1 }));
          t.deepEqual(moved, [...rowsIn(to).slice(0, 1), ...rowsIn(from).slice(63), ...rowsIn(to).slice(638)]);
        }
        const some = rowsIn(await runMove(gpu, from, to, { rows: Uint32Array.of(2, 700, 2 ** 32 - 1, 3) }));
        t.deepEqual(some, [rowsIn(from)[2], ...rowsIn(to).slice(1, 3), rowsIn(from)[3], ...rowsIn(to).slice(4)]);
      }
    },
  );

  check(
    'none is an empty plan; panels of other shapes, without room or in the same buffer are refused',
    async (t, gpu) => {
      using first = await gpu.scratch(4096);
      using second = await gpu.scratch(4096);
      const from = { buffer: first.buffer, type: 'f16', dims: 4, rows: 4 } as const;
      const to = { ...from, buffer: second.buffer };
      const scales = { buffer: first.buffer, rows: 4, columns: 1 };
      t.is((await move.plan(gpu, { from, to, count: 4 })).steps.length, 1);
      t.is((await move.plan(gpu, { from, to, count: 0 })).steps.length, 0);
      for (const wrong of [
        { from, to, count: 5 },
        { from, to, count: 4, toRow: 1 },
        { from, to, count: 4, firstRow: 1 },
        { from, to, count: 1.5 },
        { from, to: from, count: 1 },
        { from, to: { ...to, dims: 3 }, count: 1 },
        { from, to: { ...to, type: 'f32' as const }, count: 1 },
        { from, to, count: 3, rows: { buffer: first.buffer, rows: 2, columns: 1 } },
        { from: { ...from, scales }, to, count: 1 },
        { from: { ...from, scales }, to: { ...to, scales }, count: 1 },
      ]) {
        await t.throwsAsync(move.plan(gpu, wrong), { code: 'INPUT_INVALID' });
      }
    },
  );
});
