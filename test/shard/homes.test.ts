import fc from 'fast-check';
import { testProp } from '@fast-check/ava';
import test from 'ava';
import { homes } from '../../shard/homes.ts';
import { indicesOf, spansOf } from '../../shard/wire/spans.ts';

test('an input belongs to the first lane that has it, up to the end of that range', (t) => {
  const homeOf = homes([
    { lane: 'a', ranges: [2, 5, 10, 12] },
    { lane: 'b', ranges: [4, 8] },
  ]);
  t.is(homeOf(0), undefined);
  t.deepEqual(homeOf(2), { lane: 'a', end: 5 });
  t.deepEqual(homeOf(4), { lane: 'a', end: 5 });
  t.deepEqual(homeOf(5), { lane: 'b', end: 8 });
  t.is(homeOf(8), undefined);
  t.deepEqual(homeOf(11), { lane: 'a', end: 12 });
  t.is(homeOf(12), undefined);
});

const rising = fc.uniqueArray(fc.nat(200), { maxLength: 60 }).map((all) => all.toSorted((one, other) => one - other));

testProp('spans stand for the positions that they were made of', [rising], (t, indices) => {
  t.deepEqual(indicesOf(spansOf(indices)), indices);
});

testProp(
  'a home is a range that holds the input, and there is none only where no lane has it',
  [rising, rising],
  (t, one, other) => {
    const pairsOf = (indices: readonly number[]): number[] => {
      const spans = spansOf(indices);
      return spans.map((value, at) => (at % 2 === 0 ? value : spans[at - 1]! + value));
    };
    const lanes = [
      { lane: 'one', has: new Set(one), ranges: pairsOf(one) },
      { lane: 'other', has: new Set(other), ranges: pairsOf(other) },
    ];
    const homeOf = homes(lanes);
    for (let index = 0; index <= 201; index++) {
      const home = homeOf(index);
      const first = lanes.find(({ has }) => has.has(index));
      t.is(home?.lane, first?.lane);
      if (!home || !first) continue;
      for (let at = index; at < home.end; at++) t.true(first.has.has(at));
      t.false(first.has.has(home.end));
    }
  },
);
