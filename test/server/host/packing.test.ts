import { duplexPair } from 'node:stream';
import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { type Block, encodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
import { packInputs } from '../../../server/host/packing.ts';
import { Pipe } from '../../../server/host/pipe.ts';
import { unpackPiece } from '../../../server/host/worker/unpack.ts';

const rest = {
  id: 1,
  function: 'f',
  spread: false,
  call: 'c',
  batch: 0,
  failures: 0,
  watched: false,
  places: 0,
} as const;

function blocksOf(sizes: readonly number[]): Block[] {
  let next = 0;
  return sizes.map((size) => encodeBlock(Array.from({ length: size }, () => `input ${next++}`)));
}

testProp(
  'a worker gets the inputs of the positions that are meant, and knows which they are',
  [fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.boolean())],
  (t, sizes, chosen) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const positions = Array.from({ length: total }, (_, position) => position).filter(() => chosen.next().value);
    const { inputs, parts } = packInputs(blocksOf(sizes), positions);
    const piece = unpackPiece({ ...rest, inputs }, new Chunks(parts as Uint8Array<ArrayBuffer>[]));
    t.deepEqual(piece.indices, positions);
    t.deepEqual(
      piece.inputs,
      positions.map((position) => `input ${position}`),
    );
    // Blocks of which nothing is meant stay where they are.
    t.true(
      inputs.blocks.every(({ first, count }) => positions.some((each) => each >= first && each < first + count)) ||
        positions.length === total,
    );
  },
);

testProp(
  'bytes that are no blocks are refused with FRAME_INVALID and nothing else',
  [fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 300 }), fc.nat({ max: 20 })],
  (t, bytes, length, count) => {
    const inputs = { blocks: [{ first: 0, count, bytes: length }] };
    try {
      const piece = unpackPiece({ ...rest, inputs }, new Chunks([bytes]));
      t.true(piece.inputs.length <= count);
    } catch (error) {
      t.like(error, { code: 'FRAME_INVALID' });
    }
  },
);

testProp(
  'messages pass a pipe in order, each with its bytes',
  [
    fc.array(fc.tuple(fc.jsonValue(), fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 3 })), {
      minLength: 1,
    }),
  ],
  async (t, messages) => {
    const [here, there] = duplexPair();
    const received: [unknown, Buffer][] = [];
    const all = Promise.withResolvers<void>();
    const sender = new Pipe<unknown, never>(here, () => {});
    void new Pipe<never, unknown>(there, (message, bytes) => {
      received.push([message, Buffer.from(bytes.joined())]);
      if (received.length === messages.length) all.resolve();
    });
    for (const [message, parts] of messages) sender.send(message, parts);
    await all.promise;
    t.deepEqual(
      received,
      messages.map(([message, parts]) => [message, Buffer.concat(parts)]),
    );
  },
);

test('what can not be cloned is refused where it is sent, and what follows passes', async (t) => {
  const [here, there] = duplexPair();
  const first = Promise.withResolvers<unknown>();
  void new Pipe<never, unknown>(there, first.resolve);
  const pipe = new Pipe<unknown, never>(here, () => {});
  t.throws(() => pipe.send(() => {}), { message: /could not be cloned/ });
  pipe.send('good');
  t.is(await first.promise, 'good');
});
