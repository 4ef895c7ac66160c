import { fc } from '@fast-check/ava';
import test from 'ava';
import { Rows } from '../../../core/collection/rows.ts';
import { Segments } from '../../../core/collection/segments.ts';

const seed = 20261124;
const dims = 3;
const vectorOf = (value: number): Float32Array<ArrayBuffer> => new Float32Array(dims).fill(value);

test(`rows and segments keep insertion order through any claims, removals and closings of gaps (seed ${seed})`, (t) => {
  const step = fc.oneof(
    fc.record({ claim: fc.integer({ min: 0, max: 80 }) }),
    fc.record({ remove: fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 5 }) }),
    fc.constant({ close: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const rows = new Rows();
      const segments = new Segments<Float32Array<ArrayBuffer>>({ make: Float32Array, width: dims, rowsPerSegment: 4 });
      const model = new Map<number, number>();
      let value = 0;
      for (const each of steps) {
        if ('claim' in each) {
          model.set(each.claim, ++value);
          segments.write(rows.claim(each.claim), vectorOf(value));
        } else if ('remove' in each) {
          for (const id of each.remove) model.delete(id);
          rows.remove(each.remove);
        } else {
          segments.keep(rows.kept());
          rows.closeGaps();
          t.is(rows.dead, 0);
        }
      }
      t.is(rows.size, model.size);
      t.is(segments.size, rows.count);
      const kept = rows.kept();
      t.deepEqual(
        Array.from(kept, (row) => rows.snapshot()[row]),
        [...model.keys()],
      );
      const alive = rows.alive();
      for (let row = 0; row < rows.count; row++) t.is((alive[row >>> 5]! >>> (row & 31)) & 1, +kept.includes(row));
      for (const [id, expected] of model) t.is(segments.row(rows.row(id)!)[0], expected);
    }),
    { seed },
  );
});

test('the row of an id that was removed comes to hold no other before the gaps are closed', (t) => {
  const rows = new Rows();
  for (const id of ['a', 'b', 'c']) rows.claim(id);
  const ids = rows.snapshot();
  rows.remove(['b', 'unknown']);
  t.is(rows.row('b'), undefined);
  t.is(rows.claim('b'), 3);
  t.is(rows.claim('d'), 4);
  rows.closeGaps();
  t.deepEqual([...rows.snapshot()], ['a', 'c', 'b', 'd']);
  t.deepEqual(ids.slice(0, 3), ['a', 'b', 'c'], 'what was seen before stays as it was');
});

test('a number and a string of the same digits are different ids', (t) => {
  const rows = new Rows();
  t.is(rows.claim(7), 0);
  t.is(rows.claim('7'), 1);
});
