import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ModelError, type ModelErrorCode } from '../../../models/errors.ts';
import { tensorFlowBert } from '../../../models/weights/tensorFlowBert.ts';
import { openTfjs } from '../../../models/weights/tfjs.ts';

const scope = 'StatefulPartitionedCall/model/bert';
const layer = `${scope}/encoder/layer_._0/attention/self`;

/** Two shards of 7 and the remaining bytes, so that a tensor lies across both. */
const weights = [
  {
    name: 'unknown',
    dtype: 'float32',
    shape: [2, 2],
    quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
  },
  { name: 'axis', dtype: 'int32', shape: [] },
  { name: 'kernel', dtype: 'float32', shape: [2, 1], quantization: { dtype: 'float16' } },
  {
    name: 'shared',
    dtype: 'float32',
    shape: [2],
    quantization: { dtype: 'uint16', scale: 0.25, min: 2 },
  },
  { name: 'bias', dtype: 'float32', shape: [1] },
];
const bytes = Buffer.concat([
  Buffer.from([0, 1, 2, 255]),
  new Uint8Array(new Int32Array([7]).buffer),
  Buffer.from([0x00, 0x3c, 0x00, 0xc0]),
  new Uint8Array(new Uint16Array([0, 65_535]).buffer),
  new Uint8Array(new Float32Array([1.5]).buffer),
]);

const node = (op: string, name: string, ...input: string[]): unknown => ({ op, name, input });
const nodes = [
  node('GatherV2', `${scope}/embeddings/Gather`, 'unknown', 'input_ids', 'axis'),
  node(
    'Mul',
    `${scope}/embeddings/LayerNorm/batchnorm/mul`,
    `${scope}/embeddings/LayerNorm/batchnorm/Rsqrt`,
    'shared:0',
  ),
  node(
    'Sub',
    `${scope}/embeddings/LayerNorm/batchnorm/sub`,
    '^shared',
    `${scope}/embeddings/LayerNorm/batchnorm/mul_2`,
  ),
  node('MatMul', `${layer}/query/Tensordot/MatMul`, `${layer}/query/Tensordot/Reshape`, 'kernel'),
  node('BiasAdd', `${layer}/query/BiasAdd`, `${layer}/query/Tensordot`, 'bias'),
];

const control = {
  format: 'graph-model',
  modelTopology: { node: nodes },
  weightsManifest: [{ paths: ['shard1.bin', 'shard2.bin'], weights }],
};

async function withModel(json: unknown, run: (path: string) => Promise<void>, data: Uint8Array = bytes): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-tfjs-'));
  try {
    await writeFile(join(folder, 'model.json'), typeof json === 'string' ? json : JSON.stringify(json));
    await writeFile(join(folder, 'shard1.bin'), data.subarray(0, 7));
    await writeFile(join(folder, 'shard2.bin'), data.subarray(7));
    await run(join(folder, 'model.json'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('weights are read from shards by their quantisation', async (t) => {
  await withModel(control, async (path) => {
    await using source = await openTfjs(path);
    t.deepEqual(source.read('unknown'), new Float32Array([-1, -0.5, 0, 126.5]));
    t.deepEqual(source.read('kernel'), new Float32Array([1, -2]));
    t.deepEqual(source.read('shared'), new Float32Array([2, 16_385.75]));
    t.deepEqual(source.read('bias'), new Float32Array([1.5]));
    t.is(t.throws(() => source.read('axis'), { instanceOf: ModelError }).code, 'MODEL_UNSUPPORTED');
    t.is(t.throws(() => source.read('nothing'), { instanceOf: ModelError }).code, 'MODEL_INVALID');
  });
});

test("BERT's tensors are found by their use in the graph, shared ones too", async (t) => {
  await withModel(control, async (path) => {
    await using source = await openTfjs(path);
    const bert = tensorFlowBert(source);
    t.deepEqual(bert.tensor('embeddings.word_embeddings.weight', [2, 2]).read(), source.read('unknown'));
    t.deepEqual(bert.tensor('embeddings.LayerNorm.weight', [2]).read(), source.read('shared'));
    t.deepEqual(bert.tensor('embeddings.LayerNorm.bias', [2]).read(), source.read('shared'));
    t.deepEqual(bert.kernel('encoder.layer.0.attention.self.query.weight', 2, 1).read(), source.read('kernel'));
    t.deepEqual(bert.tensor('encoder.layer.0.attention.self.query.bias', [1]).read(), source.read('bias'));
  });
});

test('a kernel of another shape is refused with both shapes', async (t) => {
  await withModel(control, async (path) => {
    await using source = await openTfjs(path);
    const kernel = (): unknown => tensorFlowBert(source).kernel('encoder.layer.0.attention.self.query.weight', 3, 1);
    const error = t.throws(kernel, { instanceOf: ModelError });
    t.is(error.code, 'MODEL_INVALID');
    t.regex(error.message, /`kernel`.*shape \[3,1\], found \[2,1\]/);
  });
});

test('a tensor that the graph does not use is refused by name', async (t) => {
  await withModel(control, async (path) => {
    await using source = await openTfjs(path);
    const kernel = (): unknown => tensorFlowBert(source).kernel('encoder.layer.0.attention.self.key.weight', 2, 1);
    const error = t.throws(kernel, { instanceOf: ModelError });
    t.is(error.code, 'MODEL_INVALID');
    t.regex(error.message, /key\.weight` of shape \[2,1\].*found none/);
  });
});

const withWeight = (weight: unknown): unknown => ({
  ...control,
  weightsManifest: [{ paths: ['shard1.bin'], weights: [weight] }],
});

const damaged: Record<string, readonly [json: unknown, code: ModelErrorCode, message: RegExp]> = {
  'a model.json that was cut': [JSON.stringify(control).slice(0, -9), 'MODEL_INVALID', /JSON/],
  'a model without a manifest': [{ ...control, weightsManifest: undefined }, 'MODEL_INVALID', /weightsManifest/],
  'a layers-model': [{ ...control, format: 'layers-model' }, 'MODEL_UNSUPPORTED', /graph-model.*"layers-model"/],
  'a weight without a shape': [
    withWeight({ name: 'a', dtype: 'float32' }),
    'MODEL_INVALID',
    /weight with name, dtype, shape/,
  ],
  'an unknown quantisation': [
    withWeight({ ...weights[0], quantization: { dtype: 'int4' } }),
    'MODEL_INVALID',
    /known quantization/,
  ],
  'a weight of strings': [
    withWeight({ name: 'a', dtype: 'string', shape: [1] }),
    'MODEL_UNSUPPORTED',
    /`a`.*numeric, got string/,
  ],
  'a manifest that lists fewer bytes than there are': [withWeight(weights[0]), 'MODEL_INVALID', /4 bytes.*found 7/],
  'a shard outside the folder': [
    { ...control, weightsManifest: [{ paths: ['../shard1.bin'], weights }] },
    'MODEL_INVALID',
    /lie in its folder.*\.\.\/shard1\.bin/,
  ],
  'a shard that is missing': [
    { ...control, weightsManifest: [{ paths: ['shard3.bin'], weights }] },
    'MODEL_NOT_FOUND',
    /shard3\.bin/,
  ],
};

for (const [what, [json, code, message]] of Object.entries(damaged))
  test(`${what} is refused`, async (t) => {
    await withModel(json, async (path) => {
      const error = await t.throwsAsync(openTfjs(path), { instanceOf: ModelError });
      t.is(error.code, code);
      t.regex(error.message, message);
    });
  });

test('shards that were cut are refused', async (t) => {
  await withModel(
    control,
    async (path) => {
      const error = await t.throwsAsync(openTfjs(path), { instanceOf: ModelError });
      t.is(error.code, 'MODEL_INVALID');
      t.regex(error.message, /Expected 20 bytes.*found 19/);
    },
    bytes.subarray(0, -1),
  );
});
