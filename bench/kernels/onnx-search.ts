import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../../models/onnx/builder.ts';
import { DataType } from '../../models/onnx/contract.ts';
import { encodeModel } from '../../models/onnx/encode.ts';
import type { Corpus, Search } from './search.ts';

/** Queries whose scores are in memory at once. */
const CHUNK = 64;

/** ONNX Runtime alone: a matrix product and its TopK, in chunks that bound the scores held. */
export async function onnxSearch({ dims, count, items }: Corpus): Promise<Search> {
  const session = await InferenceSession.create(graph(), {
    executionProviders: ['cpu'],
    intraOpNumThreads: availableParallelism(),
    logSeverityLevel: 3,
  });
  const all = new Tensor('float32', items, [count, dims]);
  return {
    name: 'ONNX Runtime, MatMul and TopK',
    peer: true,
    async topK(queries, k) {
      const total = queries.length / dims;
      const best = new BigInt64Array(total * k);
      for (let first = 0; first < total; first += CHUNK) {
        const part = queries.subarray(first * dims, Math.min(total, first + CHUNK) * dims);
        const { positions } = await session.run({
          queries: new Tensor('float32', part, [part.length / dims, dims]),
          items: all,
          k: new Tensor('int64', BigInt64Array.of(BigInt(k)), [1]),
        });
        best.set(positions?.data as BigInt64Array, first * k);
      }
      return best;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

function graph(): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder({ opset: 17 });
  const queries = builder.input('queries', DataType.float, ['queries', 'dims']);
  const items = builder.input('items', DataType.float, ['items', 'dims']);
  const k = builder.input('k', DataType.int64, [1]);
  const scores = builder.node('Gemm', [queries, items], { attributes: { transB: { int: 1 } } });
  builder.nodes.push({
    opType: 'TopK',
    domain: '',
    name: 'best',
    inputs: [scores, k],
    outputs: ['scores', 'positions'],
    attributes: {},
  });
  builder.output('positions', DataType.int64, ['queries', 'k']);
  return encodeModel(builder.model('search'));
}
