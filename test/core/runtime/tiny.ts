import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalModel } from '../../../models/contract.ts';
import { GraphBuilder } from '../../../models/onnx/builder.ts';
import { DataType } from '../../../models/onnx/contract.ts';
import { encodeModel } from '../../../models/onnx/encode.ts';

export const tinyDims = 4;

export interface TinyModel extends AsyncDisposable {
  readonly model: LocalModel;
}

/** An ONNX encoder of one table, so that opening it costs next to nothing. Token 7 makes it ask for 1 TiB on the way. */
export async function tinyModel(): Promise<TinyModel> {
  const graph = new GraphBuilder({ opset: 17 });
  const vocabulary = 8;
  const table = Float32Array.from({ length: vocabulary * tinyDims }, (_, i) => Math.sin(i + 1));
  const ids = graph.input('input_ids', DataType.int64, ['batch', 'tokens']);
  const rows = graph.weights('table', [vocabulary, tinyDims], {
    byteLength: table.byteLength,
    read: () => new Uint8Array(table.buffer),
  });
  const largest = graph.node('ReduceMax', [ids], { attributes: { keepdims: { int: 0 } } });
  const greedy = graph.node('Cast', [graph.node('Equal', [largest, graph.int64(7)])], {
    attributes: { to: { int: DataType.int64 } },
  });
  const size = graph.node('Reshape', [graph.node('Mul', [greedy, graph.int64(2 ** 38)]), graph.int64([1])]);
  const greed = graph.node('ReduceSum', [graph.node('Expand', [graph.float(0), size])], {
    attributes: { keepdims: { int: 0 } },
  });
  graph.node('Add', [graph.node('Gather', [rows, ids]), greed], { name: 'last_hidden_state' });
  graph.output('last_hidden_state', DataType.float, ['batch', 'tokens', tinyDims]);

  const folder = await mkdtemp(join(tmpdir(), 'warpmap-tiny-'));
  const path = join(folder, 'model.onnx');
  await writeFile(path, encodeModel(graph.model('tiny')));
  return {
    model: {
      spec: {
        name: 'tiny',
        dims: tinyDims,
        maxTokens: 16,
        pooling: 'mean',
        normalize: true,
        prompts: {},
        matryoshkaDims: [],
      },
      weights: { format: 'onnx', path },
      tokenizer: join(folder, 'tokenizer.json'),
      origin: folder,
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
