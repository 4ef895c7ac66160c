import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { type CallChunk, type CallOutcome, MAX_CHUNK_INDEX } from '../../../shard/call/contract.ts';
import {
  type CallOutcomes,
  decodeChunks,
  decodeOutcomes,
  encodeChunks,
  encodeOutcomes,
} from '../../../shard/call/frames.ts';
import { ShardError } from '../../../shard/errors.ts';
import { encodeBlock } from '../../../shard/wire/block.ts';
import { column, value } from '../wire/arbitraries.ts';

const position = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 2 ** 32 });
const text = fc.string({ maxLength: 20 });

const block = column
  .filter(({ length }) => length > 0)
  .map((values) => ({
    count: values.length,
    block: encodeBlock(values).bytes.joined(),
  }));

const chunk: fc.Arbitrary<CallChunk> = fc
  .record({ index: fc.nat({ max: MAX_CHUNK_INDEX }), first: position, inputs: block })
  .map(({ index, first, inputs }) => ({ index, first, ...inputs }));

const failure = fc.record({
  error: fc.record({ code: text, message: text, details: value.filter((each) => each !== undefined) }),
  attempts: fc.nat(),
  losses: fc.nat(),
  node: text,
  input: text,
});

const outcome: fc.Arbitrary<CallOutcome> = fc.oneof(
  fc
    .record({ first: position, outputs: block })
    .map(({ first, outputs }) => ({ kind: 'outputs' as const, first, ...outputs })),
  fc.record({ kind: fc.constant('failure' as const), first: position, failure }),
);

const page: fc.Arbitrary<CallOutcomes> = fc.record({
  outcomes: fc.array(outcome, { maxLength: 5 }),
  next: position,
  end: fc.boolean(),
});

testProp('chunks come out as they went in', [fc.array(chunk, { maxLength: 5 })], (t, chunks) => {
  t.deepEqual(decodeChunks(encodeChunks(chunks).joined()), chunks);
});

testProp('a page of outcomes comes out as it went in', [page], (t, given) => {
  t.deepEqual(decodeOutcomes(encodeOutcomes(given).joined()), given);
});

testProp(
  'bytes that are no body are refused, and nothing else is thrown',
  [
    fc.oneof(fc.array(chunk, { maxLength: 3 }).map(encodeChunks), page.map(encodeOutcomes)),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
    fc.nat(),
  ],
  (t, good, changes, length) => {
    const bytes = Uint8Array.from(good.joined()).subarray(0, length % (good.length + 1));
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    for (const decode of [decodeChunks, decodeOutcomes]) {
      try {
        decode(bytes);
      } catch (error) {
        t.true(error instanceof ShardError && error.code === 'FRAME_INVALID', String(error));
      }
    }
    t.pass();
  },
);

const inputs = (count: number): CallChunk => ({
  index: 3,
  first: 7,
  count,
  block: encodeBlock(Array.from({ length: count }, () => 1)).bytes.joined(),
});

const refused = test.macro({
  title: (what) => `${what} is refused`,
  exec(t, spoil: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, message: RegExp) {
    const bytes = encodeChunks([inputs(2)]).joined();
    t.notThrows(() => decodeChunks(bytes));
    t.throws(() => decodeChunks(spoil(bytes)), { instanceOf: ShardError, code: 'FRAME_INVALID', message });
  },
});

const at = (place: number, byte: number) => (bytes: Uint8Array<ArrayBuffer>) => bytes.with(place, byte);

test('a chunk without inputs', refused, at(12, 0), /to have a value/);
test('a chunk of another count than its block', refused, at(12, 3), /announces 3 values, but its block has 2/);
test(
  'a chunk beyond the bound',
  refused,
  () => encodeChunks([inputs(1025)]).joined(),
  /has 1025 inputs; the limit is 1024/,
);
test('a position that no number is exact for', refused, at(22, 0x20), /at most 53 bits/);
test('a chunk longer than the body', refused, at(26, 1), /only \d+ are left/);
test('a reserved word that is not 0', refused, at(28, 1), /reserved word/);
test('more chunks than fit', refused, at(7, 0x7f), /claims \d+ records/);
test('a body of another kind', refused, at(3, 0x4f), /begins with the bytes 57 4d 01 43, got 57 4d 01 4f/);
test('a body of another version', refused, at(2, 2), /begins with/);
test('a body that ends early', refused, (bytes) => bytes.subarray(0, -8), /are left/);
test(
  'a body with something after it',
  refused,
  (bytes) => Uint8Array.from([...bytes, ...new Uint8Array(8)]),
  /left over/,
);
test('a body of a few bytes', refused, (bytes) => bytes.subarray(0, 5), /Expected 8 bytes/);

test('the limit of a chunk itself is allowed', (t) => {
  t.is(decodeChunks(encodeChunks([inputs(1024)]).joined())[0]?.count, 1024);
});

test('blocks are views of the body', (t) => {
  const body = encodeChunks([inputs(2)]).joined();
  t.is(decodeChunks(body)[0]?.block.buffer, body.buffer);
});

test('a failure that says too little is refused', (t) => {
  const given = { error: { code: 'A', message: 'b' }, attempts: 1, losses: 0, node: 'n', input: 'i' };
  for (const spoilt of [
    { ...given, attempts: -1 },
    { ...given, node: 1 },
    { ...given, error: {} },
    { ...given, more: 1 },
  ]) {
    const outcomes = [{ kind: 'failure', first: 0, failure: spoilt as never }] as const;
    t.throws(() => decodeOutcomes(encodeOutcomes({ outcomes, next: 0, end: true }).joined()), {
      code: 'FRAME_INVALID',
    });
  }
});
