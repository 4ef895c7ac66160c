import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { ByteQueue, Chunks } from '../../../shard/wire/chunks.ts';

const bytes = fc.uint8Array({ maxLength: 3000 });

testProp(
  'bytes leave a queue in the order in which they came, whatever the lengths they come and are taken in',
  [fc.array(bytes, { maxLength: 12 }), fc.array(fc.nat({ max: 4000 }))],
  (t, chunks, lengths) => {
    const queue = new ByteQueue();
    const taken: Uint8Array[] = [];
    const take = (length: number): void => {
      const part = queue.take(Math.min(length, queue.length));
      t.is(part.length, part.joined().length);
      taken.push(part.joined());
    };
    // What is taken in between stays as it was, whatever comes later.
    for (const [turn, chunk] of chunks.entries()) {
      queue.push(chunk);
      take(lengths[turn] ?? 0);
    }
    for (const length of lengths) take(length);
    take(queue.length);
    t.is(queue.length, 0);
    t.deepEqual(Buffer.concat(taken), Buffer.concat(chunks));
  },
);

testProp(
  'a slice of chunks is that of their bytes',
  [fc.array(bytes, { maxLength: 6 }), fc.nat({ max: 9000 }), fc.nat({ max: 9000 })],
  (t, parts, from, to) => {
    const chunks = new Chunks(parts);
    const whole = Buffer.concat(parts);
    t.deepEqual(Buffer.from(chunks.slice(from, to).joined()), Buffer.from(whole.subarray(from, Math.max(from, to))));
    t.deepEqual(Buffer.from(chunks.head(from)), Buffer.from(whole.subarray(0, from)));
  },
);

test('small chunks are gathered, and large ones are not copied', (t) => {
  const queue = new ByteQueue();
  for (let byte = 0; byte < 5000; byte++) queue.push(Uint8Array.of(byte));
  const large = new Uint8Array(5000);
  queue.push(large);
  const { parts } = queue.take(10_000);
  t.is(parts.length, 2);
  t.is(parts[1]?.buffer, large.buffer);
});
