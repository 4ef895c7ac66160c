import test from 'ava';
import { parseHead } from '../../../shard/wire/schema.ts';

const head = { function: 'f', call: 'c', batch: 0, attempt: 0, count: 3 };

test('a head may tell where in the map its inputs are, and has to beside a key', (t) => {
  t.deepEqual(parseHead({ ...head, spans: [4, 1, 7, 2] }), { ...head, spans: [4, 1, 7, 2] });
  t.deepEqual(parseHead({ ...head, spans: [0, 3], key: 'k' }), { ...head, spans: [0, 3], key: 'k' });
  t.throws(() => parseHead({ ...head, key: 'k' }), { code: 'FRAME_INVALID', message: /no spans/ });
});

for (const spans of [
  { 0: 1 },
  [0],
  [0, '3'],
  [0, 2.5],
  [3, 1, 0, 2],
  [0, 2, 1, 1],
  [0, 3, 5, 0],
  [-1, 3],
  [2 ** 53 - 2, 3],
]) {
  test(`spans such as ${JSON.stringify(spans)} are refused`, (t) => {
    t.throws(() => parseHead({ ...head, spans }), { code: 'FRAME_INVALID' });
  });
}

test('spans of another count than the head announces are refused', (t) => {
  t.throws(() => parseHead({ ...head, spans: [0, 2] }), {
    code: 'FRAME_INVALID',
    message: /hold 2 inputs.*count is 3/,
  });
});
