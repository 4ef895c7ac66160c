import type { BertShape } from '../contract.ts';
import { type GraphBuilder, microsoft } from '../onnx/builder.ts';
import { cudaOperators } from './cuda.ts';
import type { EncoderOperators } from './operators.ts';
import type { Parameters } from './parameters.ts';
import type { Rows } from './pooling.ts';
import { addPositions, scoreMask } from './standard.ts';

/**
 * The operators of CUDA as far as ONNX Runtime's WebGPU provider has them: it lacks EmbedLayerNormalization, and its attention takes
 * neither lengths nor a padding mask, but a bias of the scores. Projections carry their own bias, since attention with one
 * leaves the provider's flash path. Source: contrib_ops/webgpu of ONNX Runtime.
 */
export function webgpuOperators(
  graph: GraphBuilder,
  parameters: Parameters,
  shape: BertShape,
  rows: Rows,
): EncoderOperators {
  const { hidden: width, heads, layerNormEpsilon } = shape;
  const scoreBias = expandOverQueries(graph, rows);
  return {
    ...cudaOperators(graph, parameters, shape, rows),
    embed: (words, positions, { gamma, beta }) =>
      graph.node('LayerNormalization', [addPositions(graph, rows.ids, words, positions), gamma, beta], {
        attributes: { axis: { int: -1 }, epsilon: { float: layerNormEpsilon } },
      }),
    attend(hidden, scope) {
      const projections = ['query', 'key', 'value'].map((part) => {
        const { kernel, bias } = parameters.linear(`${scope}.${part}`, width, width);
        return graph.node('Add', [graph.node('MatMul', [hidden, kernel]), bias]);
      });
      return graph.node('MultiHeadAttention', [...projections, '', '', scoreBias], {
        domain: microsoft,
        attributes: { num_heads: { int: heads } },
      });
    },
  };
}

/** float32 [batch, 1, tokens, tokens]: attention broadcasts its bias over heads but not over queries. */
function expandOverQueries(graph: GraphBuilder, rows: Rows): string {
  const tokens = graph.node('Slice', [graph.node('Shape', [rows.ids]), graph.int64([1]), graph.int64([2])]);
  const shape = graph.node('Concat', [graph.int64([1, 1]), tokens, graph.int64([1])], {
    attributes: { axis: { int: 0 } },
  });
  return graph.node('Expand', [scoreMask(graph, rows), shape]);
}
