import type { ElementType, Metric } from '../../kernels/index.ts';
import { GraphBuilder } from '../../models/onnx/builder.ts';
import { type Attribute, DataType } from '../../models/onnx/contract.ts';
import { encodeModel } from '../../models/onnx/encode.ts';

/** What ONNX Runtime multiplies; bits are counted instead. */
export type FloatType = Exclude<ElementType, 'b1'>;

const TYPES: Readonly<Record<FloatType, DataType>> = { f32: DataType.float, f16: DataType.float16, i8: DataType.int8 };

/**
 * An ONNX graph that scores a block of rows and finds the best score of each bin of `bin` neighbours.
 *
 * Inputs: `queries` q × d (float32), `items` n × d (of `type`; n a multiple of `bin`), for `i8` the `scales` n of the rows,
 * and for `euclidean` their `squares` n, the squared norms, negated. Outputs: `scores` q × n and `maxima` q × n / bin.
 * A euclidean score still lacks the query's squared norm, which is the same for all its rows.
 */
export function blockGraph(type: FloatType, metric: Metric, bin: number): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder({ opset: 17 });
  const queries = graph.input('queries', DataType.float, ['queries', 'dims']);
  const items = graph.input('items', TYPES[type], ['items', 'dims']);
  const last = metric === 'euclidean' ? 'Add' : type === 'i8' ? 'Mul' : 'Gemm';
  const node = (opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}) =>
    graph.node(opType, inputs, { attributes, ...(opType === last && { name: 'scores' }) });

  const floats = type === 'f32' ? items : node('Cast', [items], { to: { int: DataType.float } });
  const alpha = metric === 'euclidean' ? 2 : 1;
  let scores = node('Gemm', [queries, floats], { transB: { int: 1 }, alpha: { float: alpha } });
  if (type === 'i8') scores = node('Mul', [scores, graph.input('scales', DataType.float, ['items'])]);
  if (metric === 'euclidean') scores = node('Add', [scores, graph.input('squares', DataType.float, ['items'])]);
  const bins = node('Reshape', [scores, graph.int64([0, -1, bin])]);
  const attributes = { axes: { ints: [2] }, keepdims: { int: 0 } };
  const maxima = graph.node('ReduceMax', [bins], { name: 'maxima', attributes });
  graph.output(scores, DataType.float, ['queries', 'items']);
  graph.output(maxima, DataType.float, ['queries', 'bins']);
  return encodeModel(graph.model('search'));
}
