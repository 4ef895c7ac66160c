import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { ShardError } from '../../../shard/errors.ts';
import { decodeMessages } from '../../../shard/wire/decode.ts';
import {
  encodeBeat,
  encodeEnd,
  encodeError,
  encodeFailure,
  encodeOutputs,
  encodeRequest,
} from '../../../shard/wire/encode.ts';
import type { Message } from '../../../shard/wire/message.ts';
import { column, concat, cut, value } from './arbitraries.ts';

const runs = { numRuns: 300 } as const;
const places = fc.array(fc.nat(), { maxLength: 12 });

async function read(chunks: readonly Uint8Array[]): Promise<Message[]> {
  return Array.fromAsync(decodeMessages(chunks));
}

testProp(
  'a request comes out as it went in, wherever its bytes are cut',
  [column, places, fc.dictionary(fc.constantFrom('k', 'collection'), value)],
  async (t, inputs, at, options) => {
    const head = { function: 'f', call: 'c', batch: 3, attempt: 1, count: inputs.length, options };
    const [first, ...others] = await read(cut(encodeRequest(head, inputs), at));
    t.deepEqual(first, { type: 'head', head: { ...head, options: { ...options } } });
    t.true(others.length > 0);
    t.deepEqual(
      others.flatMap((message) => (message.type === 'inputs' ? message.values : [message])),
      inputs,
    );
  },
  runs,
);

testProp(
  'a response comes out as it went in, wherever its bytes are cut',
  [column, places, fc.nat({ max: 1e6 }), fc.string({ unit: 'grapheme' })],
  async (t, outputs, at, first, message) => {
    const bytes = concat(
      encodeOutputs(first, outputs),
      encodeBeat(),
      encodeFailure(7, { code: 'FUNCTION_FAILED', message, details: { stack: 'at x' } }),
      encodeEnd({ count: 9, failed: 1, milliseconds: 1.5 }),
      encodeError({ code: 'INTERNAL', message }),
    );
    t.deepEqual(await read(cut(bytes, at)), [
      { type: 'outputs', first, values: outputs },
      { type: 'beat' },
      {
        type: 'failure',
        index: 7,
        error: { code: 'FUNCTION_FAILED', message, details: { stack: 'at x' } },
      },
      { type: 'end', end: { count: 9, failed: 1, milliseconds: 1.5 } },
      { type: 'error', error: { code: 'INTERNAL', message } },
    ]);
  },
  runs,
);

async function outcome(chunks: readonly Uint8Array[]): Promise<string> {
  try {
    await read(chunks);
    return 'read';
  } catch (error) {
    return error instanceof ShardError ? error.code : `${error}`;
  }
}

testProp(
  'garbage is refused with FRAME_INVALID and nothing else',
  [fc.uint8Array({ maxLength: 200 }), places],
  async (t, garbage, at) => {
    t.is(await outcome(cut(garbage, at)), garbage.length === 0 ? 'read' : 'FRAME_INVALID');
  },
  runs,
);

testProp(
  'a frame of garbage under a good header is read or refused with FRAME_INVALID',
  [fc.integer({ min: 1, max: 7 }), fc.uint8Array({ maxLength: 120 })],
  async (t, type, garbage) => {
    const payload = concat(garbage, new Uint8Array((8 - (garbage.length % 8)) % 8));
    const header = [0x57, 0x4d, 1, type, garbage.length, 0, 0, 0];
    t.true(['read', 'FRAME_INVALID'].includes(await outcome([concat(Uint8Array.from(header), payload)])));
  },
  { ...runs, numRuns: 2000 },
);

testProp(
  'a message with flipped bytes is read or refused with FRAME_INVALID',
  [column, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })],
  async (t, outputs, flips) => {
    const bytes = encodeOutputs(0, outputs);
    for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
    t.true(['read', 'FRAME_INVALID'].includes(await outcome([bytes])));
  },
  { ...runs, numRuns: 3000 },
);

testProp(
  'a body that ends early is refused',
  [column, fc.nat()],
  async (t, outputs, length) => {
    const bytes = encodeOutputs(0, outputs);
    const kept = bytes.subarray(0, 1 + (length % (bytes.length - 1)));
    t.is(await outcome([kept]), 'FRAME_INVALID');
  },
  runs,
);

test('a header is refused on its first broken field', async (t) => {
  const good = encodeBeat();
  t.is(await outcome([good]), 'read');
  for (const [at, byte] of [
    [0, 0x58],
    [1, 0x4e],
    [2, 2],
    [3, 0],
    [3, 8],
    [4, 1],
    [7, 255],
  ] as const) {
    const broken = good.slice();
    broken[at] = byte;
    t.is(await outcome([broken]), 'FRAME_INVALID', `byte ${at} = ${byte}`);
  }
});

test('a frame above the limit of its decoder is refused before its payload arrives', async (t) => {
  const bytes = encodeOutputs(0, [1, 2, 3]);
  const length = bytes.length - 8;
  const read = (maxFrameBytes: number) => Array.fromAsync(decodeMessages([bytes.subarray(0, 8)], { maxFrameBytes }));
  await t.throwsAsync(read(length - 1), { message: /the limit is/ });
  await t.throwsAsync(read(length), { message: /end inside a frame/ });
});
