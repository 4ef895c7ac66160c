import { fc } from '@fast-check/ava';
import test from 'ava';
import { mergeBest, type PartBest } from '../../../core/similarity/merge.ts';

const seed = 20261124;

/** Sorts as the promise says: score descending, NaN last, then row ascending. */
function sorted(scores: readonly number[]): number[] {
  const rows = scores.map((_, row) => row);
  const numbers = rows.filter((row) => !Number.isNaN(scores[row]));
  const rest = rows.filter((row) => Number.isNaN(scores[row]));
  return [...numbers.sort((a, b) => (scores[a] === scores[b] ? a - b : scores[a]! > scores[b]! ? -1 : 1)), ...rest];
}

function part(first: number, scores: readonly number[], k: number): PartBest {
  const rows = sorted(scores).slice(0, k);
  return {
    first,
    k: rows.length,
    rows: Uint32Array.from(rows),
    scores: Float32Array.from(rows, (row) => scores[row]!),
  };
}

test(`merging the best of the parts gives the best of the whole (seed ${seed})`, (t) => {
  const score = fc.oneof(fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN), fc.float({ noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(fc.array(score, { maxLength: 8 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      (pieces, k) => {
        let first = 0;
        const parts = pieces.map((scores) => {
          const made = part(first, scores, k);
          first += scores.length;
          return made;
        });
        const whole = pieces.flat();
        const expected = sorted(whole).slice(0, k);
        const merged = mergeBest(parts, 1, k);
        t.deepEqual([...merged.rows], expected);
        t.is(merged.k, expected.length);
      },
    ),
    { seed },
  );
});

test('each query is merged by itself', (t) => {
  const left: PartBest = { first: 0, k: 1, rows: Uint32Array.of(0, 1), scores: Float32Array.of(0.9, 0.1) };
  const right: PartBest = { first: 2, k: 1, rows: Uint32Array.of(0, 0), scores: Float32Array.of(0.5, 0.5) };
  const merged = mergeBest([left, right], 2, 2);
  t.deepEqual([...merged.rows], [0, 2, 2, 1]);
});

test('no parts give an empty answer', (t) => {
  t.deepEqual(mergeBest([], 3, 5), { k: 0, rows: new Uint32Array(0), scores: new Float32Array(0) });
});
