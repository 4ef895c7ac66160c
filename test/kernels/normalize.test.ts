import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { normalizeRow } from '../../kernels/index.ts';
import { normalizeReference } from '../../kernels/normalize/reference.ts';
import { runNormalize } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { anything, bits, reals } from './vectors.ts';

const seed = 20261124;

function agrees(t: ExecutionContext, actual: Float32Array, vectors: Float32Array, dims: number): void {
  const expected = normalizeReference(vectors, dims);
  t.is(actual.length, vectors.length);
  const wrong = expected.vectors.findIndex((value, at) => {
    const got = actual[at] ?? 0;
    return Number.isNaN(value) ? !Number.isNaN(got) : !(Math.abs(got - value) <= (expected.bounds[at] ?? 0));
  });
  t.is(wrong, -1, `component ${wrong}: expected ${expected.vectors[wrong]}, got ${actual[wrong]}`);
}

onEveryGpu('normalize', (check) => {
  check('rows of any width are within the bound of the float64 reference', async (t, launcher) => {
    for (const dims of [1, 3, 4, 5, 63, 64, 65, 383, 384, 385]) {
      const vectors = reals(seed + dims, 9 * dims);
      agrees(t, await runNormalize(launcher, vectors, dims), vectors, dims);
    }
  });

  check(`neither huge nor tiny magnitudes overflow or vanish (seed ${seed})`, async (t, launcher) => {
    const row = fc.record({ exponent: fc.integer({ min: -36, max: 38 }), vectors: fc.integer() });
    const property = fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
      const vectors = Float32Array.from(
        rows.flatMap(({ exponent, vectors: from }) => [1, ...reals(from, 6)].map((value) => value * 10 ** exponent)),
      );
      agrees(t, await runNormalize(launcher, vectors, 7), vectors, 7);
    });
    await fc.assert(property, { seed, numRuns: 50 });
  });

  check('a zero row stays zero; one with NaN or an infinity becomes all NaN', async (t, launcher) => {
    const vectors = Float32Array.of(0, 0, -0, 0, 1, NaN, 0, Infinity, -Infinity, 5, 3, 4);
    const expected = [0, 0, -0, 0, NaN, NaN, NaN, NaN, NaN, NaN];
    const actual = await runNormalize(launcher, vectors, 2);
    t.deepEqual(Array.from(actual.subarray(0, 10)), expected);
    agrees(t, actual.slice(10), vectors.slice(10), 2);
  });

  check(`rows of any bits are normalised as on the host, bit for bit (seed ${seed})`, async (t, launcher) => {
    for (const dims of [1, 5, 64, 300]) {
      // Of the exponents those that are a few apart, so that many components count.
      const vectors = anything(seed + dims, 40 * dims);
      const words = bits(vectors);
      for (const [at, word] of words.entries()) {
        const exponent = (Math.floor(at / dims) * 6 + ((word >>> 23) & 7)) << 23;
        words[at] = (word & 0x807fffff) | exponent;
      }
      const expected = vectors.slice();
      for (let start = 0; start < expected.length; start += dims) normalizeRow(expected.subarray(start, start + dims));
      t.deepEqual(bits(await runNormalize(launcher, vectors, dims)), bits(expected));
    }
  });

  check('the same call gives the same bits, and none is an empty answer', async (t, launcher) => {
    const vectors = reals(seed, 5 * 385);
    t.deepEqual(bits(await runNormalize(launcher, vectors, 385)), bits(await runNormalize(launcher, vectors, 385)));
    t.is((await runNormalize(launcher, new Float32Array(0), 4)).length, 0);
  });

  check('more rows than one dimension of a dispatch can count are all normalised', async (t, _, { narrow }) => {
    const vectors = reals(seed, 13 * 3);
    agrees(t, await runNormalize(narrow, vectors, 3), vectors, 3);
  });
});
