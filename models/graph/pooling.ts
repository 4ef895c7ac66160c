import type { Pooling } from '../contract.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { DataType } from '../onnx/contract.ts';

/**
 * Nodes that turn a row of token vectors into one vector. They exist in every operator set from 11 on with the same
 * inputs, so that they can be appended to a graph that was exported long ago.
 */
export interface Rows {
  /** int32 [batch, tokens]. */
  readonly ids: string;
  /** int32 [batch]. */
  readonly lengths: string;
}

/** bool [batch, tokens]: which positions hold tokens. */
export function tokenMask(graph: GraphBuilder, rows: Rows): string {
  return graph.node('Less', [positions(graph, rows), column(graph, rows.lengths)]);
}

/** From float32 [batch, tokens, dims] to [batch, dims]. */
export function pool(graph: GraphBuilder, rows: Rows, hidden: string, pooling: Pooling): string {
  const pooled =
    pooling === 'mean'
      ? graph.node('MatMul', [meanWeights(graph, rows), hidden])
      : pooling === 'max'
        ? maximum(graph, rows, hidden)
        : selectToken(graph, rows, hidden, pooling);
  return graph.node('Reshape', [pooled, graph.int64([0, -1])]);
}

/** From [batch, tokens, dims] to [batch, 1, dims]: each row's first or last token. */
export function selectToken(graph: GraphBuilder, rows: Rows, hidden: string, token: 'cls' | 'lastToken'): string {
  if (token === 'cls') return graph.node('Gather', [hidden, graph.int64([0])], { attributes: { axis: { int: 1 } } });
  const last = graph.node('Sub', [column(graph, rows.lengths), graph.int32(1)]);
  const isLast = graph.node('Equal', [positions(graph, rows), last]);
  return graph.node('MatMul', [asRowVectors(graph, asFloat(graph, isLast)), hidden]);
}

/** Divides rows of [batch, dims] by their L2 norms; a row of zeros stays zero. */
export function normalize(graph: GraphBuilder, vectors: string): string {
  const squares = graph.node('MatMul', [
    graph.node('Reshape', [vectors, graph.int64([0, 1, -1])]),
    graph.node('Reshape', [vectors, graph.int64([0, -1, 1])]),
  ]);
  const norms = graph.node('Max', [graph.node('Sqrt', [squares]), graph.float(1e-12)]);
  return graph.node('Div', [vectors, column(graph, norms)]);
}

/** float32 [batch, 1, tokens]: 1 / length on tokens, 0 on padding. */
function meanWeights(graph: GraphBuilder, rows: Rows): string {
  const mask = asFloat(graph, tokenMask(graph, rows));
  const lengths = asFloat(graph, column(graph, rows.lengths));
  return asRowVectors(graph, graph.node('Div', [mask, lengths]));
}

function maximum(graph: GraphBuilder, rows: Rows, hidden: string): string {
  const mask = graph.node('Reshape', [tokenMask(graph, rows), graph.int64([0, -1, 1])]);
  const lowest = graph.float(-3.4028234663852886e38);
  const tokens = graph.node('Where', [mask, hidden, lowest]);
  // The axes of a reduction became an input in operator set 18.
  return graph.opset < 18
    ? graph.node('ReduceMax', [tokens], { attributes: { axes: { ints: [1] } } })
    : graph.node('ReduceMax', [tokens, graph.int64([1])]);
}

/** int32 [tokens]: 0, 1, 2 … */
function positions(graph: GraphBuilder, { ids }: Rows): string {
  const width = graph.node('Gather', [graph.node('Shape', [ids]), graph.int64(1)]);
  const end = graph.node('Cast', [width], { attributes: { to: { int: DataType.int32 } } });
  return graph.node('Range', [graph.int32(0), end, graph.int32(1)]);
}

const column = (graph: GraphBuilder, value: string): string => graph.node('Reshape', [value, graph.int64([-1, 1])]);

const asRowVectors = (graph: GraphBuilder, matrix: string): string =>
  graph.node('Reshape', [matrix, graph.int64([0, 1, -1])]);

const asFloat = (graph: GraphBuilder, value: string): string =>
  graph.node('Cast', [value], { attributes: { to: { int: DataType.float } } });
