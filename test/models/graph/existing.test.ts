import test, { type ExecutionContext } from 'ava';
import type { Pooling } from '../../../models/contract.ts';
import { ModelError } from '../../../models/errors.ts';
import { poolExistingGraph } from '../../../models/graph/existing.ts';
import { normalize, pool } from '../../../models/graph/pooling.ts';
import { GraphBuilder } from '../../../models/onnx/builder.ts';
import { DataType } from '../../../models/onnx/contract.ts';
import { decodeModel } from '../../../models/onnx/decode.ts';
import { encodeModel } from '../../../models/onnx/encode.ts';
import { difference, runGraph } from './runGraph.ts';

const dims = 4;
const words = Float32Array.from({ length: 20 * dims }, (_, i) => Math.sin(i * 1.7) * 2);
const types = Float32Array.from({ length: 2 * dims }, (_, i) => (i < dims ? 0.25 : 99));

interface GraphOptions {
  readonly opset?: number;
  readonly inputType?: 'int32' | 'int64';
  readonly inputs?: readonly string[];
  readonly output?: 'last_hidden_state' | 'token_embeddings' | 'sentence_embedding' | 'logits' | 'vectors';
}

/** A stand-in for an exported encoder: word vectors plus the type's, and an offset where the mask is 0. */
function huggingFaceGraph({
  opset = 17,
  inputType = 'int64',
  output = 'last_hidden_state',
  ...options
}: GraphOptions = {}): Uint8Array {
  const graph = new GraphBuilder({ opset });
  const inputs = options.inputs ?? ['input_ids', 'attention_mask', 'token_type_ids'];
  for (const name of inputs) graph.input(name, DataType[inputType], ['batch', 'sequence']);
  const table = (name: string, values: Float32Array<ArrayBuffer>): string =>
    graph.weights(name, [values.length / dims, dims], {
      byteLength: values.byteLength,
      read: () => new Uint8Array(values.buffer),
    });
  let hidden = graph.node('Gather', [table('word', words), 'input_ids']);
  if (inputs.includes('token_type_ids'))
    hidden = graph.node('Add', [hidden, graph.node('Gather', [table('type', types), 'token_type_ids'])]);
  const mask = graph.node('Cast', ['attention_mask'], {
    attributes: { to: { int: DataType.float } },
  });
  const penalty = graph.node('Mul', [graph.node('Sub', [mask, graph.float(1)]), graph.float(1e4)]);
  hidden = graph.node('Add', [hidden, graph.node('Reshape', [penalty, graph.int64([0, -1, 1])])]);
  if (output === 'sentence_embedding') {
    const rows = {
      ids: 'input_ids',
      lengths: graph.node('Reshape', [graph.int32([2, 3]), graph.int64([-1])]),
    };
    hidden = normalize(graph, pool(graph, rows, hidden, 'mean'));
  }
  graph.node('Identity', [hidden], { name: output });
  graph.output(output, DataType.float, output === 'sentence_embedding' ? ['batch', dims] : ['batch', 'sequence', dims]);
  if (output === 'logits') graph.output('Gather_0', DataType.float, ['batch', 'sequence', dims]);
  return encodeModel(graph.model('exported'));
}

const rows = [
  [3, 7],
  [1, 2, 9],
];

function expected(pooling: Pooling, normalized: boolean, withTypes = true): number[][] {
  return rows.map((row) => {
    const hidden = row.map((id) =>
      Array.from({ length: dims }, (_, i) => words[id * dims + i]! + (withTypes ? 0.25 : 0)),
    );
    const pooled = Array.from({ length: dims }, (_, i) => {
      const column = hidden.map((token) => token[i]!);
      if (pooling === 'max') return Math.max(...column);
      if (pooling === 'cls') return column[0]!;
      if (pooling === 'lastToken') return column.at(-1)!;
      return column.reduce((sum, value) => sum + value, 0) / column.length;
    });
    const norm = normalized ? Math.hypot(...pooled) : 1;
    return pooled.map((value) => value / norm);
  });
}

const closeTo = (t: ExecutionContext, vectors: readonly Float32Array[], values: number[][]): void => {
  for (const [index, vector] of vectors.entries())
    t.true(difference(vector, values[index]!) <= 8 * 2 ** -24, `row ${index}`);
};

for (const pooling of ['mean', 'cls', 'lastToken', 'max'] satisfies Pooling[])
  for (const opset of [11, 13, 17, 20])
    test(`${pooling} pooling is appended to a graph of operator set ${opset}`, async (t) => {
      const graph = poolExistingGraph(huggingFaceGraph({ opset }), {
        dims,
        pooling,
        normalize: true,
      });
      closeTo(t, await runGraph(graph, rows, { padTo: 5 }), expected(pooling, true));
    });

test("the graph's own inputs are replaced by ids and lengths", (t) => {
  const { graph } = decodeModel(poolExistingGraph(huggingFaceGraph(), { dims, pooling: 'mean', normalize: true }));
  t.deepEqual(graph.inputs, [
    { name: 'input_ids', type: DataType.int32, dims: ['batch', 'tokens'] },
    { name: 'lengths', type: DataType.int32, dims: ['batch'] },
  ]);
  t.deepEqual(graph.outputs, [{ name: 'vectors', type: DataType.float, dims: ['batch', dims] }]);
});

test('a graph with int32 inputs is fed int32', async (t) => {
  const graph = poolExistingGraph(huggingFaceGraph({ inputType: 'int32' }), {
    dims,
    pooling: 'mean',
    normalize: false,
  });
  closeTo(t, await runGraph(graph, rows), expected('mean', false));
});

test('a graph without token_type_ids is pooled too', async (t) => {
  const onnx = huggingFaceGraph({
    inputs: ['input_ids', 'attention_mask'],
    output: 'token_embeddings',
  });
  closeTo(
    t,
    await runGraph(poolExistingGraph(onnx, { dims, pooling: 'mean', normalize: true }), rows),
    expected('mean', true, false),
  );
});

test('sentence_embedding is taken as the graph pooled it', async (t) => {
  const graph = poolExistingGraph(huggingFaceGraph({ output: 'sentence_embedding' }), {
    dims,
    pooling: 'cls',
    normalize: true,
  });
  closeTo(t, await runGraph(graph, rows), expected('mean', true));
});

test("a value that is called as one of ours is renamed, so that the two don't meet", async (t) => {
  const graph = poolExistingGraph(huggingFaceGraph({ output: 'vectors' }), {
    dims,
    pooling: 'mean',
    normalize: true,
  });
  closeTo(t, await runGraph(graph, rows), expected('mean', true));
});

test('an unknown input is refused by name', (t) => {
  const onnx = huggingFaceGraph({ inputs: ['input_ids', 'attention_mask', 'pixel_values'] });
  const error = t.throws(() => poolExistingGraph(onnx, { dims, pooling: 'mean', normalize: true }), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_UNSUPPORTED');
  t.regex(error.message, /pixel_values/);
});

test('a graph without vectors among its outputs is refused with their names', (t) => {
  const error = t.throws(
    () =>
      poolExistingGraph(huggingFaceGraph({ output: 'logits' }), {
        dims,
        pooling: 'mean',
        normalize: true,
      }),
    {
      instanceOf: ModelError,
    },
  );
  t.is(error.code, 'MODEL_UNSUPPORTED');
  t.regex(error.message, /logits, Gather_0/);
});

test('vectors of other dims are refused with both numbers', (t) => {
  const error = t.throws(() => poolExistingGraph(huggingFaceGraph(), { dims: 5, pooling: 'mean', normalize: true }), {
    instanceOf: ModelError,
  });
  t.is(error.code, 'MODEL_INVALID');
  t.regex(error.message, /5 dims.*got 4/);
});

test('an operator set before 11 is refused', (t) => {
  const error = t.throws(
    () =>
      poolExistingGraph(huggingFaceGraph({ opset: 10 }), {
        dims,
        pooling: 'mean',
        normalize: true,
      }),
    {
      instanceOf: ModelError,
    },
  );
  t.is(error.code, 'MODEL_UNSUPPORTED');
});
