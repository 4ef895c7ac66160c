import { fc } from '@fast-check/ava';
import test from 'ava';
import { Rows } from '../../../core/collection/rows.ts';
import { Segments } from '../../../core/collection/segments.ts';

const seed = 20261124;
const dims = 3;
const vectorOf = (value: number): Float32Array<ArrayBuffer> => new Float32Array(dims).fill(value);

test(`rows and segments keep insertion order through any claims and removals (seed ${seed})`, (t) => {
  const step = fc.oneof(
    fc.record({ claim: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ remove: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rows = new Rows();
      const segments = new Segments<Float32Array<ArrayBuffer>>({ make: Float32Array, width: dims, rowsPerSegment: 4 });
      const model = new Map<number, number>();
      let value = 0;
      for (const each of steps) {
        if ('claim' in each) {
          model.set(each.claim, ++value);
          segments.write(rows.claim(each.claim), vectorOf(value));
        } else {
          for (const id of each.remove) model.delete(id);
          const kept = rows.remove(each.remove);
          if (kept !== undefined) segments.keep(kept);
        }
      }
      t.is(rows.size, model.size);
      t.is(segments.size, model.size);
      for (const [row, [id, expected]] of [...model].entries()) {
        t.is(rows.snapshot()[row], id);
        t.is(rows.row(id), row);
        t.is(segments.row(row)[0], expected);
      }
      t.is(
        [...segments.filled()].reduce((sum, part) => sum + part.rows, 0),
        model.size,
      );
    }),
    { seed },
  );
});

test('a number and a string of the same digits are different ids', (t) => {
  const rows = new Rows();
  t.is(rows.claim(7), 0);
  t.is(rows.claim('7'), 1);
});
