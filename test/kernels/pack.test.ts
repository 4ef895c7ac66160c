import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { pack, packPanels, packRows, unpackPanels, type HostPanels } from '../../kernels/index.ts';
import { packReference } from '../../kernels/pack/reference.ts';
import { onEveryGpu } from './gpus.ts';
import { runPack } from './panel-calls.ts';
import { anything, bits, randomFrom, reals } from './vectors.ts';

const seed = 20261124;
const types = ['f32', 'f16', 'i8', 'b1'] as const;

/** The same bytes, and the same scales but for the payloads of NaN. */
function same(t: ExecutionContext, actual: HostPanels, expected: HostPanels, what: string): void {
  const wrong = actual.words.findIndex((word, at) => word !== expected.words[at]);
  t.is(wrong, -1, `${what}, word ${wrong}: ${actual.words[wrong]}, not ${expected.words[wrong]}`);
  t.is(actual.words.length, expected.words.length);
  t.deepEqual(actual.scales, expected.scales, what);
}

onEveryGpu('pack', (check) => {
  check('rows of each type have the bits that the host gives, at the edges of granules and panels', async (t, gpu) => {
    for (const type of types) {
      for (const [rows, columns, dims] of [
        [65, 17, 17],
        [1, 1, 1],
        [7, 385, 384],
        [9, 300, 129],
        [64, 8, 7],
        [129, 5, 4],
      ] as const) {
        const vectors = reals(seed + rows, rows * columns);
        for (const normalize of [false, true]) {
          const options = { type, columns, dims, normalize };
          const actual = await runPack(gpu, vectors, options);
          same(t, actual, packPanels(vectors, options), `${type} ${rows} × ${dims} of ${columns}, ${normalize}`);
          const { vectors: exact, bounds } = packReference(vectors, options);
          const wrong = unpackPanels(actual).findIndex((value, at) => !(Math.abs(value - exact[at]!) <= bounds[at]!));
          t.is(wrong, -1, `${type} ${rows} × ${dims} of ${columns}, ${normalize}: component ${wrong}`);
        }
      }
    }
  });

  check(`vectors of any bits are packed as the host does (seed ${seed})`, async (t, gpu) => {
    const call = fc.record({
      type: fc.constantFrom(...types),
      rows: fc.integer({ min: 1, max: 70 }),
      columns: fc.integer({ min: 1, max: 140 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      normalize: fc.boolean(),
      // How far apart the exponents of a row are.
      spread: fc.constantFrom(1, 3, 8, 30, 254),
      from: fc.integer(),
    });
    const property = fc.asyncProperty(call, async ({ type, rows, columns, part, normalize, spread, from }) => {
      const options = { type, columns, dims: Math.max(1, Math.round(part * columns)), normalize };
      const vectors = scattered(from, rows, columns, spread);
      same(t, await runPack(gpu, vectors, options), packPanels(vectors, options), 'panels');
    });
    await fc.assert(property, { seed, numRuns: 120 });
  });

  check('every half, every tie between two, and the floats beside it round as on the host', async (t, gpu) => {
    const random = randomFrom(seed);
    // Sign, exponent and the bits of a half, then the bits that decide.
    const tails = [0, 1, 0xfff, 0x1000, 0x1001, 0x1fff];
    const floats = Uint32Array.from({ length: 2 ** 16 }, (_, half) => {
      const head = half & 0x8000 ? 0x80000000 : 0;
      const magnitude = ((half & 0x7fff) + 0x19800) << 13;
      return (head | (magnitude + (tails[Math.floor(random() * tails.length)] ?? 0))) >>> 0;
    });
    const subnormal = Uint32Array.from({ length: 2 ** 14 }, () => {
      const exponent = 100 + Math.floor(random() * 14);
      return (exponent << 23) | (random() < 0.5 ? 1 << Math.floor(random() * 23) : Math.floor(random() * 2 ** 23));
    });
    for (const each of [floats, subnormal, anythingBits()]) {
      const vectors = new Float32Array(each.buffer);
      const options = { type: 'f16', columns: 512 } as const;
      same(t, await runPack(gpu, vectors, options), packPanels(vectors, options), 'halves');
    }
  });

  check('every byte, and every tie between two, rounds as on the host', async (t, gpu) => {
    const rows = [-118, -50, 0, 100].flatMap((exponent) =>
      Array.from({ length: 509 }, (_, at) => (at - 254) * 2 ** exponent),
    );
    const options = { type: 'i8', columns: 509 } as const;
    const actual = await runPack(gpu, Float32Array.from(rows), options);
    same(t, actual, packPanels(Float32Array.from(rows), options), 'bytes');
    t.deepEqual(
      [...unpackPanels(actual, Uint32Array.of(2))].slice(-6),
      [124, 125, 126, 126, 126, 127].map((byte) => byte * 2),
    );
  });

  check('zeros, NaN, infinities and tiny rows of each type are as documented', async (t, gpu) => {
    const vectors = Float32Array.of(
      0,
      -0,
      1,
      NaN,
      Infinity,
      1,
      -Infinity,
      NaN,
      2 ** -149,
      0,
      2 ** -120,
      1e-37,
      3e38,
      -3e38,
    );
    for (const type of types) {
      for (const normalize of [false, true]) {
        const options = { type, columns: 2, normalize };
        const actual = await runPack(gpu, vectors, options);
        same(t, actual, packPanels(vectors, options), `${type} ${normalize}`);
      }
    }
    const { scales } = await runPack(gpu, vectors, { type: 'i8', columns: 2 });
    t.deepEqual([...scales!], [0, NaN, NaN, NaN, 0, 0, Math.fround(Math.fround(3e38) / 127)]);
  });

  check('only the rows that are named are written, listed or side by side', async (t, gpu) => {
    for (const type of types) {
      const [columns, count] = [37, 130];
      const onto = packPanels(reals(~seed, count * columns), { type, columns });
      const vectors = reals(seed, 5 * columns);
      const listed = Uint32Array.of(129, 0, 64, 63, 128);
      for (const [rows, options] of [
        [listed, { rows: listed }],
        [Uint32Array.of(61, 62, 63, 64, 65), { firstRow: 61 }],
      ] as const) {
        const expected = structuredClone(onto);
        packRows(expected, rows, vectors, { columns });
        same(t, await runPack(gpu, vectors, { type, columns, onto, ...options }), expected, type);
      }
      // 130 and 191 would lie in the last panel.
      const beyond = await runPack(gpu, vectors, {
        type,
        columns,
        onto,
        rows: Uint32Array.of(130, 191, 192, 1e9, 2 ** 32 - 1),
      });
      same(t, beyond, onto, type);
    }
  });

  check('more vectors than one dimension of a dispatch can count are all packed', async (t, _, { narrow }) => {
    const vectors = reals(seed, 100 * 3);
    const options = { type: 'i8', columns: 3, normalize: true } as const;
    same(t, await runPack(narrow, vectors, options), packPanels(vectors, options), 'panels');
  });

  check('the same call gives the same bits, and no vectors are an empty plan', async (t, gpu) => {
    const vectors = reals(seed, 9 * 1000);
    const options = { type: 'f32', columns: 1000, normalize: true } as const;
    const once = await runPack(gpu, vectors, options);
    t.deepEqual((await runPack(gpu, vectors, options)).words, once.words);
    const onto = packPanels(vectors, options);
    same(t, await runPack(gpu, new Float32Array(0), { ...options, onto }), onto, 'panels');
  });

  check('panels and rows that contradict the vectors are refused', async (t, gpu) => {
    using lease = await gpu.scratch(4096);
    const { buffer } = lease;
    const panels = { buffer, type: 'f32', dims: 4, rows: 4 } as const;
    const vectors = { buffer, rows: 2, columns: 4 };
    t.is((await pack.plan(gpu, { vectors, panels })).steps.length, 1);
    const scales = { buffer, rows: 3, columns: 1 };
    for (const wrong of [
      { vectors: { ...vectors, columns: 3 }, panels },
      { vectors, panels, firstRow: 3 },
      { vectors, panels, firstRow: -1 },
      { vectors, panels, rows: { buffer, rows: 3, columns: 1 } },
      { vectors, panels: { ...panels, dims: 0 } },
      { vectors, panels: { ...panels, rows: 257 } },
      { vectors, panels: { ...panels, offset: 16 } },
      { vectors, panels: { ...panels, scales } },
      { vectors, panels: { ...panels, type: 'i8' as const } },
    ]) {
      await t.throwsAsync(pack.plan(gpu, wrong), { code: 'INPUT_INVALID' });
    }
  });
});

/** Rows whose exponents lie within `spread` of each other, somewhere; at 254 NaN and infinities too. */
function scattered(from: number, rows: number, columns: number, spread: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(from);
  const words = new Uint32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const least = Math.floor(random() * (256 - spread));
    for (let i = 0; i < columns; i++) {
      const exponent = least + Math.floor(random() * spread);
      words[row * columns + i] = ((random() * 2 ** 32) & 0x807fffff) | (exponent << 23);
    }
  }
  return new Float32Array(words.buffer);
}

function anythingBits(): Uint32Array<ArrayBuffer> {
  return bits(anything(seed, 2 ** 14));
}
