import { GraphBuilder, microsoft } from '../../models/onnx/builder.ts';
import { DataType } from '../../models/onnx/contract.ts';
import { encodeModel } from '../../models/onnx/encode.ts';

/** What is added to a query's bytes, since the fastest product has one factor without a sign. */
export const OFFSET = 64;

/**
 * An ONNX graph that scores panels of rows in 8 bits and finds the best score of each bin of `bin` neighbours.
 *
 * Inputs: `queries` q × d (uint8, `OFFSET` more than meant), `items` p × d × w (int8), `scales` p × 1 × w.
 * Outputs: `scores` p × q × w, in units of the query's step, and `maxima` p × q × w / bin.
 */
export function coarseGraph(bin: number): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder({ opset: 17 });
  const queries = graph.input('queries', DataType.uint8, ['queries', 'dims']);
  const items = graph.input('items', DataType.int8, ['panels', 'dims', 'width']);
  const scales = graph.input('scales', DataType.float, ['panels', 1, 'width']);
  // One operator scales while the product is in cache; Cast and Mul would take half as long again.
  const factors = [queries, items, graph.float(1), scales, graph.uint8(OFFSET)];
  const scores = graph.node('MatMulIntegerToFloat', factors, { domain: microsoft, name: 'scores' });
  const bins = graph.node('Reshape', [scores, graph.int64([0, 0, -1, bin])]);
  const attributes = { axes: { ints: [3] }, keepdims: { int: 0 } };
  const maxima = graph.node('ReduceMax', [bins], { name: 'maxima', attributes });
  graph.output(scores, DataType.float, ['panels', 'queries', 'width']);
  graph.output(maxima, DataType.float, ['panels', 'queries', 'bins']);
  return encodeModel(graph.model('search'));
}
