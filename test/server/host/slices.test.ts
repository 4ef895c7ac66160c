import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { SLICE_MS, sliceSize } from '../../../server/host/slices.ts';

test('a worker gets what keeps it busy for a moment, so that others may have the rest', (t) => {
  t.is(sliceSize(1_000, { pace: SLICE_MS / 10, idle: 4, unit: 1 }), 10);
  t.is(sliceSize(1_000, { pace: 10 * SLICE_MS, idle: 4, unit: 1 }), 1);
});

test('inputs that are done in a moment stay together', (t) => {
  t.is(sliceSize(1_000, { pace: SLICE_MS / 1_000, idle: 4, unit: 1 }), 1_000);
});

test('a handler that takes many inputs at once gets as many, unless that left another worker idle', (t) => {
  t.is(sliceSize(2_000, { pace: SLICE_MS, idle: 4, unit: 64 }), 64);
  t.is(sliceSize(100, { pace: SLICE_MS, idle: 4, unit: 64 }), 25);
  t.is(sliceSize(100, { pace: SLICE_MS, idle: 1, unit: 64 }), 64);
});

test('what was never measured is tried with as few as a worker can have running', (t) => {
  t.is(sliceSize(100, { pace: undefined, idle: 1, unit: 1 }), 1);
  t.is(sliceSize(100, { pace: undefined, idle: 1, unit: 8 }), 8);
});

testProp(
  'a slice has one input or more, and no more than there are',
  [
    fc.integer({ min: 1, max: 5_000 }),
    fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined }),
    fc.nat({ max: 16 }),
    fc.integer({ min: 1, max: 1_000 }),
  ],
  (t, count, pace, idle, unit) => {
    const size = sliceSize(count, { pace, idle, unit });
    t.true(Number.isInteger(size) && size >= 1 && size <= count);
  },
  { verbose: 1 },
);
