import { fc } from '@fast-check/ava';
import test from 'ava';
import { padBatch } from '../../../core/encoder/pad.ts';
import { planBatches } from '../../../core/encoder/plan.ts';

const seed = 20261124;
const limits = { tokenBudget: 64, maxRows: 8, maxPadding: 0.25 };

function offsetsOf(lengths: readonly number[]): Uint32Array<ArrayBuffer> {
  const offsets = new Uint32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) offsets[index + 1] = offsets[index]! + length;
  return offsets;
}

test(`every text is in exactly one batch, within the limits (seed ${seed})`, (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 200 }), (lengths) => {
      const plan = planBatches(offsetsOf(lengths), limits);
      t.deepEqual(
        plan.batches.flatMap((batch) => [...batch]).sort((a, b) => a - b),
        lengths.map((_, index) => index),
      );
      for (const batch of plan.batches) {
        const widths = [...batch].map((index) => lengths[index]!);
        const width = Math.max(...widths);
        const tokens = widths.reduce((sum, length) => sum + length, 0);
        t.true(batch.length === 1 || batch.length * width <= limits.tokenBudget);
        t.true(batch.length <= limits.maxRows);
        t.true(1 - tokens / (batch.length * width) <= limits.maxPadding + 1e-12);
      }
    }),
    { seed },
  );
});

test('texts of one length fill the token budget', (t) => {
  const plan = planBatches(offsetsOf(Array.from({ length: 20 }, () => 16)), limits);
  t.deepEqual(
    plan.batches.map((batch) => batch.length),
    [4, 4, 4, 4, 4],
  );
  t.is(plan.padded, plan.tokens);
});

test('a text longer than the budget runs alone', (t) => {
  const plan = planBatches(offsetsOf([3, 500, 3]), limits);
  t.deepEqual(
    plan.batches.map((batch) => [...batch]),
    [[1], [0, 2]],
  );
});

test('no texts make no batches', (t) => {
  t.deepEqual(planBatches(offsetsOf([]), limits), { batches: [], tokens: 0, padded: 0 });
});

test('a padded batch holds each text at the start of its row and the pad id after it', (t) => {
  const tokens = { ids: Int32Array.of(1, 2, 3, 4, 5, 6), offsets: Uint32Array.of(0, 1, 4, 6), truncated: 0 };
  const batch = padBatch(tokens, Uint32Array.of(2, 0), 9);
  t.deepEqual(batch, { rows: 2, width: 2, ids: Int32Array.of(5, 6, 1, 9), lengths: Int32Array.of(2, 1) });
});
