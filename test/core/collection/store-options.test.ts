import test from 'ava';
import { candidatesOf } from '../../../core/collection/store-options.ts';

test('candidates are four for each of the k unless told otherwise, never fewer than k, and 65,536 at most', (t) => {
  t.is(candidatesOf({ k: 10 }), 40);
  t.is(candidatesOf({ k: 3, oversample: 1.5 }), 5);
  t.is(candidatesOf({ k: 10_000, oversample: 1000 }), 65_536);
  t.is(candidatesOf({ k: 70_000 }), 70_000);
});
