import test from 'ava';
import { readBlock } from '../../../shard/wire/block-reader.ts';
import { writeBlock } from '../../../shard/wire/block-writer.ts';
import { Encoding, type EncodingName, type Rows } from '../../../shard/wire/encoding.ts';
import { decodeMessages } from '../../../shard/wire/decode.ts';
import { encodeOutputs } from '../../../shard/wire/encode.ts';
import { MAX_PARTS } from '../../../shard/wire/limits.ts';
import { Reader } from '../../../shard/wire/reader.ts';
import { Writer } from '../../../shard/wire/writer.ts';

function encode(values: readonly unknown[] | Rows): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writeBlock(writer, values);
  return writer.finish();
}

function decode(bytes: Uint8Array<ArrayBuffer>): unknown[] {
  return readBlock(new Reader(bytes));
}

const name = (byte: number | undefined): string | undefined =>
  Object.entries(Encoding).find(([, code]) => code === byte)?.[0];

const chosen = test.macro({
  title: (_, values: string) => `${values} travel as told by their type`,
  exec(t, _title: string, values: readonly unknown[], encoding: EncodingName) {
    const bytes = encode(values);
    t.is(name(bytes[0]), encoding);
    t.deepEqual(decode(bytes), values);
  },
});

const row = (...components: number[]): Float32Array => Float32Array.from(components);
const repeated = row(1, 2, 3);

test('whole numbers', chosen, 'whole numbers of 32 bits', [0, -1, 2147483647, -2147483648], 'int32');
test('too large', chosen, 'numbers beyond 32 bits', [1, 2147483648], 'float64');
test('minus zero', chosen, 'numbers with a minus zero', [1, -0], 'float64');
test('fractions', chosen, 'fractions and NaN', [0.5, NaN, Infinity], 'float64');
test('texts', chosen, 'texts', ['', 'é', '犬', '🛹'], 'utf8');
test(
  'repeats',
  chosen,
  'repeated texts',
  Array.from({ length: 9 }, () => 'a dog on a skateboard'),
  'dictionary',
);
test(
  'short repeats',
  chosen,
  'repeated texts shorter than an index',
  Array.from({ length: 9 }, () => 'a'),
  'utf8',
);
test('vectors', chosen, 'vectors of one length', [row(1, 2), row(3, 4)], 'float32Rows');
test('one vector', chosen, 'references to one vector', [repeated, repeated, repeated], 'dictionary');
test('ragged', chosen, 'vectors of several lengths', [row(1), row(2, 3)], 'values');
test('empty vectors', chosen, 'vectors without components', [row(), row()], 'values');
test(
  'pairs',
  chosen,
  'pairs',
  [
    ['a', 1],
    ['b', 2],
  ],
  'columns',
);
test(
  'mixed pairs',
  chosen,
  'pairs with ids of two types',
  [
    [row(1), 1],
    [row(2), 'b'],
  ],
  'columns',
);
test(
  'nested pairs',
  chosen,
  'pairs in pairs',
  [
    [[1, 'a'], 2],
    [[3, 'b'], 4],
  ],
  'columns',
);
test('ragged tuples', chosen, 'tuples of several lengths', [[1], [1, 2]], 'values');
test('objects', chosen, 'objects', [{ id: 1, vector: row(1) }, { id: 2 }], 'values');
test('mixed', chosen, 'values of several types', [1, 'a', null, undefined, [true]], 'values');
test('nothing', chosen, 'no values', [], 'values');

test('pairs of one text and many ids cost four bytes for each text', (t) => {
  const pairs = Array.from({ length: 1000 }, (_, id) => ['a dog on a skateboard', id]);
  t.true(encode(pairs).length < 1000 * 8 + 200);
});

test('rows that were never cut into vectors are sent as they lie', (t) => {
  const bytes = encode({ count: 2, dims: 2, data: row(1, 2, 3, 4) });
  t.deepEqual(bytes, encode([row(1, 2), row(3, 4)]));
  t.deepEqual(decode(encode({ count: 2, dims: 0, data: row() })), [row(), row()]);
});

test('vectors are views of a chunk that holds the whole frame', async (t) => {
  const bytes = encodeOutputs(0, [new Float32Array(200), new Float32Array(200)]);
  const [message] = await Array.fromAsync(decodeMessages([bytes]));
  t.true(message?.type === 'outputs');
  const values = message?.type === 'outputs' ? (message.values as Float32Array[]) : [];
  t.true(values.every((vector) => vector.buffer === bytes.buffer));
});

test('vectors in a chunk at an odd address are copied once and equal', async (t) => {
  const bytes = encodeOutputs(0, [row(1, 2), row(3, 4)]);
  const shifted = new Uint8Array(bytes.length + 1).subarray(1);
  shifted.set(bytes);
  t.deepEqual(await Array.fromAsync(decodeMessages([shifted])), [
    { type: 'outputs', first: 0, values: [row(1, 2), row(3, 4)] },
  ]);
});

test('a lone surrogate becomes the replacement character', (t) => {
  t.deepEqual(decode(encode(['\ud83d', '\udef9', 'a'])), ['\ufffd', '\ufffd', 'a']);
});

const unsendable = (value: unknown): void => {
  encode([value]);
};

test('values that can not travel are refused where they are sent', (t) => {
  const circular: unknown[] = [];
  circular.push(circular);
  let deep: unknown = 0;
  for (let depth = 0; depth < 70; depth++) deep = { deep };
  const values = [() => 1, Symbol('s'), /x/, new Error('x'), circular, deep, new Map([[{}, 1]])];
  for (const value of [...values, JSON.parse('{"__proto__": 1}')]) {
    t.throws(() => unsendable(value), { name: 'ShardError', code: 'INPUT_INVALID' });
  }
});

test('keys that only resemble the forbidden one pass', (t) => {
  const values = [{ constructor: 1, __proto_: 2, x__proto__: 3, prototype: 4 }];
  t.deepEqual(decode(encode(values)), values);
});

test('a set comes out as a set', (t) => {
  t.deepEqual(decode(encode([new Set([1, 'a'])])), [new Set([1, 'a'])]);
});

const block = (...words: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Uint32Array.from(words).buffer);
const refused = test.macro({
  title: (_, what: string) => `${what} is refused`,
  exec(t, _title: string, bytes: Uint8Array<ArrayBuffer>, message: RegExp) {
    t.throws(() => decode(bytes), { code: 'FRAME_INVALID', message });
  },
});

const nestedColumns = (depth: number): number[] =>
  depth === 0 ? [3, 1, 7, 0] : [5, 1, 1, 0, ...nestedColumns(depth - 1)];

test('counts', refused, 'a count that the bytes can not hold', block(2, 0xffffffff), /are left/);
test('rows', refused, 'a count of rows that the bytes can not hold', block(1, 1 << 30, 1 << 30, 0), /are left/);
test('no dims', refused, 'a block of rows without components', block(1, 1 << 30, 0, 0), /no components/);
test('columns', refused, 'a count of columns that the bytes can not hold', block(5, 1, 1e6, 0), /columns/);
test('lengths', refused, 'a column of another length', block(5, 2, 1, 0, 3, 1, 7, 0), /expected 2/);
test('index', refused, 'a dictionary index out of range', block(6, 1, 3, 1, 7, 0, 1, 0), /index is 1/);
test('offsets', refused, 'text with falling offsets', block(4, 2, 0, 4, 2, 0, 0, 0), /ascend/);
test('start', refused, 'text that begins late', block(4, 1, 1, 1, 97, 0), /begin at 0/);
test('utf8', refused, 'text that is not UTF-8', block(4, 1, 0, 1, 0xff, 0), /UTF-8/);
test('cut', refused, 'an offset inside a character', block(4, 2, 0, 1, 2, 0, 0xa9c3, 0), /inside/);
test('encoding', refused, 'an unknown encoding', block(7, 0), /encoding 7/);
test('array', refused, 'a MessagePack array that lies about its length', block(0, 1, 0xffffffdd, 0xff), /claims/);
test('proto', refused, 'a MessagePack map with a prototype key', encodedProto(), /__proto__/);
test('distinct', refused, 'a dictionary of more values than it has uses', block(6, 1, 3, 2, 7, 8, 0, 0), /at most 1/);
test('reserved', refused, 'a reserved word that is not zero', block(1, 0, 1, 1), /reserved/);
test('nesting', refused, 'nesting beyond the limit', block(...nestedColumns(8)), /nested/);

test('nesting up to the limit is read', (t) => {
  t.deepEqual(decode(block(...nestedColumns(7))), [[[[[[[[7]]]]]]]]);
});

function encodedProto(): Uint8Array<ArrayBuffer> {
  const bytes = [0, 0, 0, 0, 1, 0, 0, 0, 0x91, 0x81, 0xa9, ...Buffer.from('__proto__'), 0xc0];
  return Uint8Array.from([...bytes, ...Array<number>((8 - (bytes.length % 8)) % 8).fill(0)]);
}

/** A block of one value, a MessagePack array of `count` empty maps: a byte each here, and dozens in memory. */
function maps(count: number): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil((6 + count) / 8) * 8);
  bytes.writeUInt32LE(1, 4);
  bytes.set([0x91, 0xdd], 8);
  bytes.writeUInt32BE(count, 10);
  return bytes.fill(0x80, 14, 14 + count);
}
/** Each map is one, and so are 16 elements of the array that holds them. */
const sixteens = Math.floor((MAX_PARTS - 2) / 17);
const most = 16 * sixteens + Math.min(15, (MAX_PARTS - 2) % 17);
const columns = Buffer.concat([block(5, 1, 2, 0), maps(most / 2), maps(most / 2)]);
test('parts', refused, 'a value of more maps than are allowed', new Uint8Array(maps(most + 1)), /more than 1048576/);
test('parts of columns', refused, 'as many maps in two columns', new Uint8Array(columns), /more than 1048576/);

test('as many maps as are allowed travel, and one more is refused where it is sent', (t) => {
  t.is((decode(encode([Array.from({ length: most }, () => ({}))]))[0] as unknown[]).length, most);
  t.throws(() => decode(encode([Array.from({ length: most + 1 }, () => ({}))])), { code: 'INPUT_INVALID' });
});

test('a block of more values than its reader wants is refused before they are made', (t) => {
  const bytes = block(1, 3, 1, 0, 0, 0, 0, 0);
  t.is(readBlock(new Reader(bytes), { maxValues: 3 }).length, 3);
  t.throws(() => readBlock(new Reader(bytes), { maxValues: 2 }), { code: 'FRAME_INVALID', message: /at most 2/ });
});
