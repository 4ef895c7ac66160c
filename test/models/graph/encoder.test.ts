import test, { type ExecutionContext } from 'ava';
import type { Pooling } from '../../../models/contract.ts';
import { ModelError } from '../../../models/errors.ts';
import type { GraphDevice } from '../../../models/graph/contract.ts';
import { buildEncoderGraph } from '../../../models/graph/encoder.ts';
import { decodeModel } from '../../../models/onnx/decode.ts';
import { tinySpec, type TinyModelOptions, tinyTensors } from '../../fixtures/tinyModel.ts';
import { referenceEncode } from './referenceEncoder.ts';
import { cosine, difference, inMemory, runGraph } from './runGraph.ts';

/** Float32 through two layers: a few dozen roundings of 2^-24 each on values of one size, relative to the largest component. */
const float32Encoder = 64 * 2 ** -24;

const texts = [
  [2, 60, 70, 80, 90, 3],
  [2, 3],
  [2, 5, 3],
  [2, ...Array.from({ length: 40 }, (_, i) => 5 + i * 5), 3],
];

const build = (options: TinyModelOptions, device: GraphDevice = 'cpu'): Uint8Array =>
  buildEncoderGraph(tinySpec(options), inMemory(tinyTensors(options)), { device });

async function agreesWithReference(t: ExecutionContext, graph: Uint8Array, options: TinyModelOptions): Promise<void> {
  const vectors = await runGraph(graph, texts, { padTo: 48 });
  for (const [index, text] of texts.entries()) {
    const expected = referenceEncode(tinySpec(options), tinyTensors(options), text);
    const found = difference(vectors[index]!, expected);
    t.true(found <= float32Encoder, `text ${index}: differs by ${found}, expected at most ${float32Encoder}`);
  }
}

for (const pooling of ['mean', 'cls', 'lastToken', 'max'] satisfies Pooling[]) {
  for (const device of ['cpu', 'cuda', 'webgpu'] satisfies GraphDevice[])
    test(`the ${device} graph with ${pooling} pooling agrees with the float64 encoder on padded rows`, async (t) => {
      await agreesWithReference(t, build({ pooling }, device), { pooling });
    });
  test(`${pooling} pooling leaves vectors as they are where the spec doesn't normalise`, async (t) => {
    const options = { pooling, normalize: false };
    await agreesWithReference(t, build(options), options);
  });
}

test('the graph of standard operators agrees with the float64 encoder', async (t) => {
  const graph = buildEncoderGraph(tinySpec(), inMemory(tinyTensors()), {
    device: 'cpu',
    form: 'standard',
  });
  await agreesWithReference(t, graph, {});
});

test('the graph of standard operators needs no operator set but the standard', (t) => {
  const graph = buildEncoderGraph(tinySpec(), inMemory(tinyTensors()), {
    device: 'cpu',
    form: 'standard',
  });
  t.deepEqual(decodeModel(graph).opsets, { '': 20 });
});

for (const device of ['cpu', 'cuda', 'webgpu'] satisfies GraphDevice[]) {
  for (const activation of ['gelu_tanh', 'relu'] as const)
    test(`the ${device} graph computes the activation ${activation}`, async (t) => {
      const options = { shape: { activation } };
      await agreesWithReference(t, build(options, device), options);
    });
  test(`the ${device} graph starts at the first position of a RoBERTa`, async (t) => {
    const options = { shape: { firstPosition: 2, tokenTypes: 1 } };
    await agreesWithReference(t, build(options, device), options);
  });
}

test('a row of a padded batch equals the same row alone', async (t) => {
  const graph = build({});
  const together = await runGraph(graph, texts, { padTo: 60 });
  for (const [index, text] of texts.entries()) {
    const [alone] = await runGraph(graph, [text]);
    t.true(cosine(alone!, together[index]!) >= 0.99999);
    t.true(difference(together[index]!, alone!) <= float32Encoder);
  }
});

test("what padded positions hold doesn't reach the vectors", async (t) => {
  const graph = build({});
  t.deepEqual(await runGraph(graph, texts, { padTo: 50, padId: 7 }), await runGraph(graph, texts, { padTo: 50 }));
});

test('vectors have norm 1 where the spec normalises', async (t) => {
  for (const vector of await runGraph(build({}), texts)) t.true(Math.abs(Math.hypot(...vector) - 1) <= float32Encoder);
});

test('equal options build equal bytes', (t) => {
  t.deepEqual(build({ seed: 3 }), build({ seed: 3 }));
});

test('a missing tensor is refused by name with the shape that was expected', (t) => {
  const { 'encoder.layer.1.output.dense.weight': _, ...rest } = tinyTensors();
  const error = t.throws(() => buildEncoderGraph(tinySpec(), inMemory(rest), { device: 'cpu' }), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_INVALID');
  t.regex(error.message, /`encoder\.layer\.1\.output\.dense\.weight` of shape \[32,64\].*found none/);
});

test('a tensor of another shape is refused with both shapes', (t) => {
  const spec = tinySpec({ shape: { intermediate: 65 } });
  const error = t.throws(() => buildEncoderGraph(spec, inMemory(tinyTensors()), { device: 'cpu' }), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_INVALID');
  t.regex(error.message, /`encoder\.layer\.0\.intermediate\.dense\.weight`.*shape \[65,32\], found \[64,32\]/);
});

test('an architecture other than BERT is refused', (t) => {
  const { bert: _, ...spec } = tinySpec();
  const error = t.throws(() => buildEncoderGraph(spec, inMemory({}), { device: 'cpu' }), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_UNSUPPORTED');
});
