import test from 'ava';
import { fc, testProp } from '@fast-check/ava';
import { packReference } from '../../kernels/pack/reference.ts';
import { hostPanels, packPanels, packRows, unpackPanels } from '../../kernels/panels/host.ts';
import { floatOfHalf, halfOf } from '../../kernels/panels/half.ts';
import { granuleAt, granulesOf, MAX_DIMS, panelsBytes } from '../../kernels/panels/layout.ts';
import { normalizeRow } from '../../kernels/panels/norm.ts';
import { anything, bits, reals } from './vectors.ts';

const seed = 20261124;
/** Unit roundoff of float32. */
const u = 2 ** -24;

test('panels interleave 64 rows by granules of 16 bytes, and the last panel is whole', (t) => {
  t.deepEqual([granulesOf('f32', 5), granulesOf('f16', 8), granulesOf('i8', 17), granulesOf('b1', 129)], [2, 1, 2, 2]);
  t.is(panelsBytes('f32', 5, 65), 2 * 64 * 2 * 16);
  t.is(panelsBytes('b1', 384, 0), 0);
  t.deepEqual([granuleAt(0, 1, 2), granuleAt(63, 0, 2), granuleAt(64, 0, 2), granuleAt(65, 1, 2)], [64, 63, 128, 193]);
  const { words } = packPanels(
    Float32Array.from({ length: 65 * 5 }, (_, at) => at),
    { type: 'f32', columns: 5 },
  );
  const floats = new Float32Array(words.buffer);
  t.deepEqual([...floats.subarray(4 * 3, 4 * 4)], [15, 16, 17, 18]);
  t.deepEqual([...floats.subarray(4 * (64 + 3), 4 * (64 + 4))], [19, 0, 0, 0]);
  t.deepEqual([...floats.subarray(4 * 128, 4 * 129)], [320, 321, 322, 323]);
});

test('a half is the nearest to its float, ties to even, with subnormals, infinity and NaN', (t) => {
  const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half);
  const floats = new Float32Array(Uint32Array.from(halves, floatOfHalf).buffer);
  const expected = new Float16Array(halves.buffer);
  t.is(
    floats.findIndex((value, at) => !Object.is(value, expected[at])),
    -1,
  );
  const finite = halves.filter((half) => (half & 0x7fff) <= 0x7c00);
  t.deepEqual(
    Uint16Array.from(finite, (half) => halfOf(floatOfHalf(half))),
    finite,
  );
  for (const nan of [0x7f800001, 0x7fc00000, 0xffffffff]) t.is(halfOf(nan) & 0x7fff, 0x7e00);
  // Between each two neighbours: the tie, and the floats on either side of it.
  const ties = bits(Float32Array.from(finite.subarray(0, 0x7c00), (half) => midpoint(expected, half)));
  const near = Uint32Array.from(ties, (tie, at) => tie + (at % 3) - 1);
  const nearest = new Uint16Array(Float16Array.from(new Float32Array(near.buffer)).buffer);
  t.deepEqual(Uint16Array.from(near, halfOf), nearest);
  t.deepEqual(Uint16Array.from(ties, halfOf), new Uint16Array(Float16Array.from(new Float32Array(ties.buffer)).buffer));
});

function midpoint(halves: Float16Array, half: number): number {
  const next = half === 0x7bff ? 65_536 : (halves[half + 1] ?? 0);
  return ((halves[half] ?? 0) + next) / 2;
}

testProp(
  `a normalised row is within the bound of the float64 one, at any magnitude (seed ${seed})`,
  [fc.integer({ min: 1, max: 300 }), fc.integer({ min: -44, max: 38 }), fc.integer()],
  (t, dims, exponent, from) => {
    const row = reals(from, dims).map((value) => value * 10 ** exponent);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    const expected = Float64Array.from(row, (value) => (norm === 0 ? 0 : value / norm));
    normalizeRow(row);
    const bound = (Math.sqrt(dims) + 3) * u;
    t.is(
      row.findIndex((value, i) => !(Math.abs(value - expected[i]!) <= bound * Math.abs(expected[i]!))),
      -1,
    );
  },
  { seed },
);

test('a zero row stays zero, one with NaN or an infinity becomes NaN, and a tiny component becomes zero', (t) => {
  const normal = (...row: number[]): number[] => {
    const floats = Float32Array.from(row);
    normalizeRow(floats);
    return [...floats];
  };
  t.deepEqual(normal(0, -0), [0, -0]);
  t.deepEqual(normal(1, NaN), [NaN, NaN]);
  t.deepEqual(normal(-Infinity, 0), [NaN, NaN]);
  t.deepEqual(normal(4, -3), [0.8, -0.6].map(Math.fround));
  t.deepEqual(normal(2 ** -149, 0), [1, 0]);
  t.deepEqual(normal(1, -(2 ** -94), 2 ** -95), [1, -(2 ** -94), 0]);
  t.deepEqual(normal(...new Float32Array(MAX_DIMS).fill(3e38)).slice(0, 2), [2 ** -8, 2 ** -8]);
});

testProp(
  `bytes and scales are those of the exact quotient, ties to even (seed ${seed})`,
  [fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 1, maxLength: 40 }), fc.integer({ min: -110, max: 120 })],
  (t, wholes, exponent) => {
    // Multiples of half a step, so that every other one is a tie.
    const vector = Float32Array.from([254, ...wholes], (whole) => whole * 2 ** exponent);
    const panels = packPanels(vector, { type: 'i8', columns: vector.length });
    t.is(panels.scales?.[0], Math.fround((254 * 2 ** exponent) / 127));
    const bytes = [...unpackPanels(panels)].map((value) => value / (panels.scales?.[0] ?? 0));
    const even = (whole: number): number => (whole % 4 === 1 || whole % 4 === -3 ? whole - 1 : whole + 1) / 2;
    t.deepEqual(
      bytes,
      [254, ...wholes].map((whole) => (whole % 2 === 0 ? whole / 2 : even(whole))),
    );
  },
  { seed },
);

test('a row of bytes of which one is NaN or an infinity has the scale NaN; one too small to scale is zero', (t) => {
  const { scales, words } = packPanels(Float32Array.of(1, NaN, -Infinity, 1, 2 ** -120, 0, 2 ** -119, 0), {
    type: 'i8',
    columns: 2,
  });
  t.deepEqual([...scales!], [NaN, NaN, 0, Math.fround(2 ** -119 / 127)]);
  t.deepEqual(
    [0, 1, 2, 3].map((row) => words[row * 4]),
    [0, 0, 0, 127],
  );
});

test('the leading components are kept, scaled, and packed, and come back within the error of their type', (t) => {
  const [columns, dims] = [200, 130];
  const vectors = reals(seed, 70 * columns);
  for (const type of ['f32', 'f16', 'i8', 'b1'] as const) {
    for (const normalize of [false, true]) {
      const options = { type, columns, dims, normalize };
      const { vectors: exact, bounds } = packReference(vectors, options);
      const actual = unpackPanels(packPanels(vectors, options));
      t.is(
        actual.findIndex((value, at) => !(Math.abs(value - exact[at]!) <= bounds[at]!)),
        -1,
        type,
      );
    }
  }
});

test('only the rows named are written and read, and float32 keeps its bits', (t) => {
  const vectors = anything(seed, 3 * 7);
  const panels = hostPanels('f32', 7, 130);
  panels.words.fill(0xdeadbeef);
  packRows(panels, Uint32Array.of(129, 0, 64), vectors, { columns: 7 });
  t.deepEqual(bits(unpackPanels(panels, Uint32Array.of(129, 0, 64))), bits(vectors));
  t.is(panels.words.filter((word) => word === 0xdeadbeef).length, panels.words.length - 21);
});

test('types, sizes and rows that there are not are refused', (t) => {
  const refused = { code: 'INPUT_INVALID' };
  t.throws(() => hostPanels('f64' as 'f32', 3, 1), { ...refused, message: /f32, f16, i8, b1; got f64/ });
  for (const dims of [0, 1.5, MAX_DIMS + 1]) t.throws(() => hostPanels('f32', dims, 1), refused);
  const panels = hostPanels('i8', 4, 2);
  t.throws(() => packRows(panels, Uint32Array.of(0), new Float32Array(3), { columns: 3 }), refused);
  t.throws(() => packRows(panels, Uint32Array.of(0), new Float32Array(3), { columns: 4 }), refused);
  t.throws(() => packRows(panels, Uint32Array.of(2), new Float32Array(4), { columns: 4 }), refused);
  t.throws(() => unpackPanels(panels, Uint32Array.of(2)), refused);
  t.throws(() => packPanels(new Float32Array(7), { type: 'i8', columns: 3 }), refused);
});
