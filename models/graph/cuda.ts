import type { BertShape } from '../contract.ts';
import { type GraphBuilder, microsoft } from '../onnx/builder.ts';
import { attention } from './attention.ts';
import type { EncoderOperators } from './operators.ts';
import type { Parameters } from './parameters.ts';
import type { Rows } from './pooling.ts';

/** ONNX Runtime's fused operators throughout: on a GPU each saves a pass over memory. */
export function cudaOperators(
  graph: GraphBuilder,
  parameters: Parameters,
  shape: BertShape,
  rows: Rows,
): EncoderOperators {
  const { hidden: width, heads, layerNormEpsilon } = shape;
  const epsilon = { float: layerNormEpsilon };
  return {
    embed: (words, positions, { gamma, beta }) =>
      graph.node('EmbedLayerNormalization', [rows.ids, '', words, positions, '', gamma, beta], {
        domain: microsoft,
        attributes: { epsilon },
        // The second output is a mask index that its type inference insists on.
        outputs: 2,
      }),
    attend: (hidden, scope) => attention(graph, parameters, { hidden, scope, lengths: rows.lengths }, { width, heads }),
    activate(value, { kernel, bias }) {
      const product = graph.node('MatMul', [value, kernel]);
      if (shape.activation === 'relu') return graph.node('Relu', [graph.node('Add', [product, bias])]);
      const operator = shape.activation === 'gelu_tanh' ? 'FastGelu' : 'BiasGelu';
      return graph.node(operator, [product, bias], { domain: microsoft });
    },
    addNorm: (value, { kernel, bias }, skip, { gamma, beta }) =>
      graph.node('SkipLayerNormalization', [graph.node('MatMul', [value, kernel]), skip, gamma, beta, bias], {
        domain: microsoft,
        attributes: { epsilon },
      }),
    unfold: (value) => value,
    fold: (value) => value,
  };
}
