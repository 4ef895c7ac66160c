import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType } from '../../models/onnx/contract.ts';
import { encodeModel } from '../../models/onnx/encode.ts';

/** An ONNX graph of one matrix product: `queries` q × d, `items` n × d (both float32) give `scores` q × n. */
export function scoreGraph(): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder({ opset: 17 });
  const queries = graph.input('queries', DataType.float, ['queries', 'dims']);
  const items = graph.input('items', DataType.float, ['items', 'dims']);
  graph.node('Gemm', [queries, items], { name: 'scores', attributes: { transB: { int: 1 } } });
  graph.output('scores', DataType.float, ['queries', 'items']);
  return encodeModel(graph.model('score'));
}
