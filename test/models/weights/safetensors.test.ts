import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ModelError } from '../../../models/errors.ts';
import type { TensorSource } from '../../../models/weights/contract.ts';
import { huggingFaceBert } from '../../../models/weights/huggingFaceBert.ts';
import { openSafetensors } from '../../../models/weights/safetensors.ts';
import { encodeSafetensors } from '../../fixtures/safetensors.ts';

const tensors = {
  a: { shape: [2, 3], values: new Float32Array([1, -2, 3.5, 0.25, 5, -6]) },
  b: { shape: [1], values: new Float32Array([0.5]) },
};
const valid = encodeSafetensors(tensors);

async function withFiles(
  files: Record<string, Uint8Array | string>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-weights-'));
  try {
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A file with this header, in JSON or any text, and so many bytes of data. */
function withHeader(header: unknown, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

for (const dtype of ['F32', 'F16', 'BF16'] as const)
  test(`${dtype} tensors are read with their names and shapes`, async (t) => {
    await withFiles({ 'model.safetensors': encodeSafetensors(tensors, dtype) }, async (folder) => {
      await using source = await openSafetensors([join(folder, 'model.safetensors')]);
      t.deepEqual(source.names, ['a', 'b']);
      t.like(source.info('a'), { dtype, shape: [2, 3] });
      t.is(source.info('c'), undefined);
      t.deepEqual(source.read('a'), tensors.a.values);
      t.deepEqual(source.read('b'), tensors.b.values);
    });
  });

const shards = {
  'model-1.safetensors': encodeSafetensors({ a: tensors.a }),
  'model-2.safetensors': encodeSafetensors({ b: tensors.b }),
  'model.safetensors.index.json': JSON.stringify({
    weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' },
  }),
};

for (const [how, names] of [
  ['their paths', ['model-1.safetensors', 'model-2.safetensors']],
  ['their index', ['model.safetensors.index.json']],
] as const)
  test(`shards are opened by ${how}`, async (t) => {
    await withFiles(shards, async (folder) => {
      await using source = await openSafetensors(names.map((name) => join(folder, name)));
      t.deepEqual([source.read('a'), source.read('b')], [tensors.a.values, tensors.b.values]);
    });
  });

test('an index that names a file outside the folder is refused', async (t) => {
  const index = {
    'model.safetensors.index.json': JSON.stringify({ weight_map: { a: '../model.safetensors' } }),
  };
  await withFiles(index, (folder) => refused(t, join(folder, 'model.safetensors.index.json'), /files beside/));
});

async function refused(t: ExecutionContext, path: string, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(openSafetensors([path]), { instanceOf: ModelError });
  t.is(error.code, 'MODEL_INVALID');
  t.regex(error.message, message);
}

const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
const damaged: Record<string, readonly [bytes: Uint8Array, message: RegExp]> = {
  'a file shorter than its length field': [valid.slice(0, 5), /at least 8 bytes.*found 5/],
  'a header length beyond the file': [withLength(valid, 1n << 40n), /header within/],
  'a header that is not JSON': [withHeader('{"a":', 0), /header in JSON/],
  'a header that is not an object': [withHeader([1], 0), /JSON object/],
  'data that ends early': [valid.slice(0, -1), /tensor `b` to end within/],
  'a tensor without offsets': [withHeader({ a: { dtype: 'F32', shape: [2] } }, 8), /data_offsets of tensor `a`/],
  'a shape that its bytes do not fill': [
    withHeader({ a: { ...entry, shape: [3] } }, 8),
    /12 bytes for tensor `a` of F32 \[3\], got 8/,
  ],
  'a negative size': [withHeader({ a: { ...entry, shape: [-2] } }, 8), /shape and data_offsets of tensor `a`/],
  'offsets that run backwards': [
    withHeader({ a: { ...entry, data_offsets: [8, 0] } }, 8),
    /8 bytes for tensor `a`.*got -8/,
  ],
  'an unknown dtype': [withHeader({ a: { ...entry, dtype: 'F31' } }, 8), /known dtype of tensor `a`, got F31/],
};

for (const [what, [bytes, message]] of Object.entries(damaged))
  test(`${what} is refused`, async (t) => {
    await withFiles({ 'model.safetensors': bytes }, (folder) => refused(t, join(folder, 'model.safetensors'), message));
  });

function withLength(bytes: Uint8Array, length: bigint): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setBigUint64(0, length, true);
  return copy;
}

test('the control for the damaged files is read', async (t) => {
  await withFiles({ 'model.safetensors': withHeader({ a: entry }, 8) }, async (folder) => {
    await using source = await openSafetensors([join(folder, 'model.safetensors')]);
    t.deepEqual(source.read('a'), new Float32Array(2));
  });
});

test('integers are listed, but refused when they are read as weights', async (t) => {
  await withFiles({ 'model.safetensors': withHeader({ ids: { ...entry, dtype: 'I32' } }, 8) }, async (folder) => {
    await using source = await openSafetensors([join(folder, 'model.safetensors')]);
    const error = t.throws(() => source.read('ids'), { instanceOf: ModelError });
    t.is(error.code, 'MODEL_UNSUPPORTED');
    t.is(t.throws(() => source.read('nothing'), { instanceOf: ModelError }).code, 'MODEL_INVALID');
  });
});

test('a missing file is reported with its path', async (t) => {
  const error = await t.throwsAsync(openSafetensors(['/nowhere/model.safetensors']), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_NOT_FOUND');
  t.regex(error.message, /\/nowhere\/model\.safetensors/);
});

const bert = (names: Readonly<Record<string, readonly number[]>>): TensorSource => ({
  origin: 'memory',
  names: Object.keys(names),
  info: (name) => (names[name] ? { dtype: 'F32', shape: names[name] } : undefined),
  read: (name) => Float32Array.from({ length: names[name]!.reduce((a, b) => a * b, 1) }, (_, index) => index),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

for (const prefix of ['', 'bert.', 'roberta.', 'model.encoder.'])
  test(`BERT's tensors are found under the prefix \`${prefix}\``, (t) => {
    const tensors = huggingFaceBert(
      bert({
        [`${prefix}embeddings.word_embeddings.weight`]: [5, 2],
        [`${prefix}encoder.layer.0.output.dense.weight`]: [2, 3],
        [`${prefix}encoder.layer.0.output.LayerNorm.gamma`]: [2],
        [`${prefix}encoder.layer.0.output.LayerNorm.beta`]: [2],
      }),
    );
    t.deepEqual(tensors.tensor('embeddings.word_embeddings.weight', [5, 2]).shape, [5, 2]);
    t.deepEqual(tensors.tensor('encoder.layer.0.output.LayerNorm.weight', [2]).shape, [2]);
    t.deepEqual(tensors.tensor('encoder.layer.0.output.LayerNorm.bias', [2]).shape, [2]);
    t.deepEqual([...tensors.kernel('encoder.layer.0.output.dense.weight', 3, 2).read()], [0, 3, 1, 4, 2, 5]);
  });
