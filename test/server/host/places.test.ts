import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { placesOf } from '../../../server/host/places.ts';
import { indicesOf, spansOf } from '../../../shard/wire/spans.ts';

const rising = fc.uniqueArray(fc.nat(60), { minLength: 1 }).map((all) => all.toSorted((one, other) => one - other));

testProp(
  'some inputs of a batch are where its spans say',
  [rising, fc.infiniteStream(fc.boolean())],
  (t, indices, chosen) => {
    const spans = spansOf(indices);
    const positions = [...indices.keys()].filter(() => chosen.next().value);
    const places = placesOf(spans, positions);
    t.deepEqual(
      positions.map((position, at) => (typeof places === 'number' ? places + position : places[at])),
      positions.map((position) => indicesOf(spans)[position]),
    );
  },
);

test('inputs that are one after the other cost one number, and those of no map are where they are in the batch', (t) => {
  t.is(placesOf([512, 100], [3, 4, 99]), 512);
  t.is(placesOf(undefined, [3, 4]), 0);
});
