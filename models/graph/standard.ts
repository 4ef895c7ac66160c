import type { BertShape } from '../contract.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { EncoderOperators } from './operators.ts';
import type { Linear, Norm, Parameters } from './parameters.ts';
import { type Rows, tokenMask } from './pooling.ts';

/** Added to the score of a padded position: its softmax is 0, and no sum of two of them overflows. */
const masked = -1e30;

/** Operators of the ONNX standard only: they run on any provider, and show what the fused ones must compute. */
export function standardOperators(
  graph: GraphBuilder,
  parameters: Parameters,
  shape: BertShape,
  rows: Rows,
): EncoderOperators {
  const { hidden: width, heads, layerNormEpsilon } = shape;
  const headWidth = width / heads;
  const mask = scoreMask(graph, rows);
  const norm = (value: string, { gamma, beta }: Norm): string =>
    graph.node('LayerNormalization', [value, gamma, beta], {
      attributes: { axis: { int: -1 }, epsilon: { float: layerNormEpsilon } },
    });
  const project = (value: string, { kernel, bias }: Linear): string =>
    graph.node('Add', [graph.node('MatMul', [value, kernel]), bias]);
  const perHead = (value: string): string =>
    graph.node('Transpose', [graph.node('Reshape', [value, graph.int64([0, 0, heads, headWidth])])], {
      attributes: { perm: { ints: [0, 2, 1, 3] } },
    });
  return {
    embed: (words, positions, layerNorm) => norm(addPositions(graph, rows.ids, words, positions), layerNorm),
    attend(hidden, scope) {
      const [query, key, value] = ['query', 'key', 'value'].map((part) => {
        const linear = parameters.linear(`${scope}.${part}`, width, width);
        return perHead(project(hidden, linear));
      }) as [string, string, string];
      const keys = graph.node('Transpose', [key], { attributes: { perm: { ints: [0, 1, 3, 2] } } });
      const scaled = graph.node('Mul', [query, graph.float(headWidth ** -0.5)]);
      const scores = graph.node('Add', [graph.node('MatMul', [scaled, keys]), mask]);
      const weights = graph.node('Softmax', [scores], { attributes: { axis: { int: -1 } } });
      const context = graph.node('Transpose', [graph.node('MatMul', [weights, value])], {
        attributes: { perm: { ints: [0, 2, 1, 3] } },
      });
      return graph.node('Reshape', [context, graph.int64([0, 0, width])]);
    },
    addNorm: (value, linear, skip, layerNorm) => norm(graph.node('Add', [project(value, linear), skip]), layerNorm),
    activate: (value, linear) => activation(graph, shape.activation, project(value, linear)),
    unfold: (value) => value,
    fold: (value) => value,
  };
}

/** Of values that carry their bias already. */
export function activation(graph: GraphBuilder, kind: BertShape['activation'], value: string): string {
  if (kind === 'relu') return graph.node('Relu', [value]);
  const approximate = kind === 'gelu_tanh' ? 'tanh' : 'none';
  return graph.node('Gelu', [value], { attributes: { approximate: { string: approximate } } });
}

/** Word vectors plus the vectors of their positions. */
export function addPositions(graph: GraphBuilder, ids: string, words: string, positions: string): string {
  const width = graph.node('Slice', [graph.node('Shape', [ids]), graph.int64([1]), graph.int64([2])]);
  const first = graph.node('Slice', [positions, graph.int64([0]), width, graph.int64([0])]);
  return graph.node('Add', [graph.node('Gather', [words, ids]), first]);
}

/** float32 [batch, 1, 1, tokens], to add to attention scores. */
export function scoreMask(graph: GraphBuilder, rows: Rows): string {
  const mask = graph.node('Where', [tokenMask(graph, rows), graph.float(0), graph.float(masked)]);
  return graph.node('Reshape', [mask, graph.int64([0, 1, 1, -1])]);
}
