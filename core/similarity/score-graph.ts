import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType } from '../../models/onnx/contract.ts';
import { encodeModel } from '../../models/onnx/encode.ts';

/** An ONNX graph of one matrix product: `queries` q × d, `items` n × d (both float32) give `scores` q × n. */
export function scoreGraph(): Uint8Array<ArrayBuffer> {
  const { graph, scores } = product();
  graph.output(scores, DataType.float, ['queries', 'items']);
  return encodeModel(graph.model('score'));
}

/**
 * The same product, of which only the best leave: with `k` (int64, one element, at most n) they are `best` q × k,
 * descending, and their `rows` q × k (int64). Of equal scores the one of the lower row stands first, as the ONNX
 * specification has it; it does not say where NaN stands.
 */
export function searchGraph(): Uint8Array<ArrayBuffer> {
  const { graph, scores } = product();
  const inputs = [scores, graph.input('k', DataType.int64, [1])];
  const outputs = ['best', 'rows'];
  graph.nodes.push({ opType: 'TopK', domain: '', name: 'topK', inputs, outputs, attributes: {} });
  graph.output('best', DataType.float, ['queries', 'k']);
  graph.output('rows', DataType.int64, ['queries', 'k']);
  return encodeModel(graph.model('search'));
}

function product(): { readonly graph: GraphBuilder; readonly scores: string } {
  const graph = new GraphBuilder({ opset: 17 });
  const queries = graph.input('queries', DataType.float, ['queries', 'dims']);
  const items = graph.input('items', DataType.float, ['items', 'dims']);
  const scores = graph.node('Gemm', [queries, items], { name: 'scores', attributes: { transB: { int: 1 } } });
  return { graph, scores };
}
