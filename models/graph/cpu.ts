import type { BertShape } from '../contract.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { attention } from './attention.ts';
import type { EncoderOperators } from './operators.ts';
import type { Linear, Norm, Parameters } from './parameters.ts';
import type { Rows } from './pooling.ts';
import { activation, addPositions } from './standard.ts';

/**
 * What measured fastest on ONNX Runtime's CPU provider: its fused Attention, and else plain operators on flat
 * [batch × tokens, width] values, where Gemm takes the bias along. SkipLayerNormalization is slower there than Add and
 * LayerNormalization: it would cost MiniLM 8 % of the whole (AVX2, 16 to 256 tokens).
 */
export function cpuOperators(
  graph: GraphBuilder,
  parameters: Parameters,
  shape: BertShape,
  rows: Rows,
): EncoderOperators {
  const { hidden: width, heads, layerNormEpsilon } = shape;
  const unfolded = graph.node('Concat', [graph.node('Shape', [rows.ids]), graph.int64([width])], {
    attributes: { axis: { int: 0 } },
  });
  const fold = (value: string): string => graph.node('Reshape', [value, graph.int64([-1, width])]);
  const unfold = (value: string): string => graph.node('Reshape', [value, unfolded]);
  const project = (value: string, { kernel, bias }: Linear): string => graph.node('Gemm', [value, kernel, bias]);
  const norm = (value: string, { gamma, beta }: Norm): string =>
    graph.node('LayerNormalization', [value, gamma, beta], {
      attributes: { axis: { int: -1 }, epsilon: { float: layerNormEpsilon } },
    });
  return {
    embed: (words, positions, layerNorm) => norm(fold(addPositions(graph, rows.ids, words, positions)), layerNorm),
    attend(hidden, scope) {
      const inputs = { hidden: unfold(hidden), scope, lengths: rows.lengths };
      return fold(attention(graph, parameters, inputs, { width, heads }));
    },
    activate: (value, linear) => activation(graph, shape.activation, project(value, linear)),
    addNorm: (value, linear, skip, layerNorm) => norm(graph.node('Add', [project(value, linear), skip]), layerNorm),
    unfold,
    fold,
  };
}
