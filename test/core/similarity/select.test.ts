import { fc } from '@fast-check/ava';
import test from 'ava';
import { precedes } from '../../../core/similarity/order.ts';
import { Selector } from '../../../core/similarity/select.ts';

const seed = 20261124;

function expected(scores: Float32Array, k: number): number[] {
  return [...scores.keys()].sort((a, b) => (precedes(scores[a]!, a, scores[b]!, b) ? -1 : 1)).slice(0, k);
}

test(`selecting agrees with sorting, for ties, NaN, infinities and negative zero (seed ${seed})`, (t) => {
  const score = fc.oneof(fc.constantFrom(0, -0, 1, 0.5, -1, Infinity, -Infinity, NaN), fc.float());
  fc.assert(
    fc.property(fc.array(score, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), (values, k) => {
      const scores = Float32Array.from(values);
      const positions = new Uint32Array(k);
      const best = new Float32Array(k);
      const selector = new Selector(k);
      // The second run shows that nothing of the first is left over.
      selector.select(scores, positions, best);
      const count = selector.select(scores, positions, best);
      const order = expected(scores, k);
      t.is(count, order.length);
      t.deepEqual([...positions.subarray(0, count)], order);
      t.deepEqual(
        [...best.subarray(0, count)],
        order.map((position) => scores[position]!),
      );
    }),
    { seed },
  );
});

test('NaN stands last, after negative infinity', (t) => {
  t.deepEqual(expected(Float32Array.of(NaN, -Infinity, 3, NaN), 4), [2, 1, 0, 3]);
});
