import type { GraphModel, Tensor } from '@tensorflow/tfjs';
import type { ModelSpec } from '../../../models/contract.ts';
import { ModelError } from '../../../models/errors.ts';
import type { TokenBatch } from '../contract.ts';
import type { LoadedEncoder } from '../encoder-thread.ts';
import type { StartedBackend, Tf } from './backend.ts';
import { tfjsFailure } from './failure.ts';
import { graphModelFiles } from './files.ts';

/** Makes the tensor of one input of the graph from a batch. */
type Feed = (tf: Tf, batch: TokenBatch) => Tensor;

const feeds: Readonly<Record<string, Feed>> = {
  input_ids: (tf, { ids, rows, width }) => tf.tensor2d(ids, [rows, width], 'int32'),
  attention_mask: (tf, batch) => tf.tensor2d(maskOf(batch), [batch.rows, batch.width], 'int32'),
  token_type_ids: (tf, { rows, width }) => tf.zeros([rows, width], 'int32'),
};

/** Loads the graph of a `model.json` that pools and normalises by itself, and runs it on the backend, which it owns from now on. */
export async function loadGraph(path: string, spec: ModelSpec, backend: StartedBackend): Promise<LoadedEncoder> {
  const { tf } = backend;
  const { name, dims } = spec;
  const graph = await tf.loadGraphModel(graphModelFiles(path)).catch((error: unknown) => {
    throw error instanceof ModelError ? error : tfjsFailure(error, `load ${name}`);
  });
  const inputs = inputsOf(graph, name);
  return {
    run: async (batch) => {
      try {
        const vectors = tf.tidy(() =>
          graph.execute(Object.fromEntries(inputs.map(({ node, feed }) => [node, feed(tf, batch)]))),
        ) as Tensor;
        const data = await vectors.data<'float32'>().finally(() => vectors.dispose());
        backend.check();
        if (data.length !== batch.rows * dims) {
          throw new ModelError(
            'MODEL_UNSUPPORTED',
            `expected [${batch.rows}, ${dims}] pooled vectors from the graph of ${name}, got [${vectors.shape.join(', ')}]`,
          );
        }
        // Some backends hand out a part of their own memory.
        return (data.byteLength === data.buffer.byteLength ? data : data.slice()) as Float32Array<ArrayBuffer>;
      } catch (error) {
        throw error instanceof ModelError
          ? error
          : tfjsFailure(error, `run ${name} over ${batch.rows} × ${batch.width} tokens`);
      }
    },
    dispose: async () => {
      graph.dispose();
      await backend[Symbol.asyncDispose]();
    },
  };
}

function inputsOf(graph: GraphModel, name: string): { node: string; feed: Feed }[] {
  return graph.inputs.map(({ name: node }) => {
    const [input = ''] = node.split(':');
    const feed = Object.hasOwn(feeds, input) ? feeds[input] : undefined;
    if (feed === undefined) {
      throw new ModelError(
        'MODEL_UNSUPPORTED',
        `the graph of ${name} has an input "${node}"; known are ${Object.keys(feeds).join(', ')}`,
      );
    }
    return { node, feed };
  });
}

function maskOf({ rows, width, lengths }: TokenBatch): Int32Array {
  const mask = new Int32Array(rows * width);
  for (const [row, length] of lengths.entries()) mask.fill(1, row * width, row * width + length);
  return mask;
}
