import test from 'ava';
import { GpuSegments } from '../../../core/collection/gpu-segments.ts';
import { CoreError } from '../../../core/errors.ts';
import type { Launcher } from '../../../kernels/index.ts';

const MIB = 2 ** 20;

/** A device without memory: what is asked of it, and what is copied and freed. */
function paper(limit: number) {
  const seen = { allocated: [] as number[], copied: 0, freed: 0 };
  const encoder = {
    copyBufferToBuffer: (...copy: [unknown, number, unknown, number, number]) => (seen.copied += copy[4]),
    finish: () => undefined,
  };
  const launcher = {
    device: {
      limits: { maxBufferSize: limit, maxStorageBufferBindingSize: limit },
      createCommandEncoder: () => encoder,
      queue: { submit: () => {} },
    },
    async allocate(size: number) {
      seen.allocated.push(size);
      return { size, destroy: () => (seen.freed += size) };
    },
  } as unknown as Launcher;
  return { seen, launcher };
}

test('memory grows by copying what is small, and then by segments as large as all before them, up to the largest', async (t) => {
  const { seen, launcher } = paper(2 ** 31 - 4);
  // 1 KiB a row.
  const segments = new GpuSegments({ type: 'f32', dims: 256, segmentBytes: Infinity }, launcher);
  for (let rows = 1000; rows <= 6_000_000; rows += 1000) await segments.reserve(rows);
  t.true(seen.copied <= 64 * MIB, `${seen.copied} bytes were copied`);
  const capacities = segments.all.map(({ capacity }) => capacity / 1024);
  t.is(Math.max(...capacities), 2048 - 1 / 16, 'a panel below 2 GiB');
  t.true(capacities.length <= 8, capacities.join(' '));
  t.true(segments.all.every(({ first, capacity }) => first % 64 === 0 && capacity % 64 === 0));
  t.true(segments.capacity < 2 * 6_000_000);
  for (const row of [0, 70_000, 5_999_999]) {
    const { first, capacity } = segments.of(row);
    t.true(first <= row && row < first + capacity);
  }
  t.throws(() => segments.of(segments.capacity), { instanceOf: CoreError, code: 'INPUT_INVALID' });
  segments.dispose();
  t.is(
    seen.freed,
    seen.allocated.reduce((sum, size) => sum + size, 0),
  );
});

test('bytes have scales, and a segment has a panel at least', async (t) => {
  const { seen, launcher } = paper(MIB);
  const segments = new GpuSegments({ type: 'i8', dims: 16, segmentBytes: 1 }, launcher);
  await segments.reserve(65);
  t.deepEqual(seen.allocated, [1024, 256, 1024, 256]);
  t.deepEqual(
    segments.filled(65).map(({ first, items }) => [first, items.rows, items.scales?.rows]),
    [
      [0, 64, 64],
      [64, 1, 1],
    ],
  );
});
