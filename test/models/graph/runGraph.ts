import * as ort from 'onnxruntime-node';
import type { NamedTensor } from '../../fixtures/safetensors.ts';
import type { BertTensors } from '../../../models/weights/contract.ts';
import { bertTensors } from '../../../models/weights/bert.ts';

/** Runs an encoder graph on ONNX Runtime's CPU provider over one padded batch; a vector for each row. */
export async function runGraph(
  bytes: Uint8Array,
  rows: readonly (readonly number[])[],
  { padTo = 0, padId = 0 }: { readonly padTo?: number; readonly padId?: number } = {},
): Promise<Float32Array[]> {
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const width = Math.max(padTo, ...rows.map((row) => row.length));
    const ids = new Int32Array(rows.length * width).fill(padId);
    for (const [index, row] of rows.entries()) ids.set(row, index * width);
    const lengths = Int32Array.from(rows, (row) => row.length);
    const { vectors } = await session.run({
      input_ids: new ort.Tensor('int32', ids, [rows.length, width]),
      lengths: new ort.Tensor('int32', lengths, [rows.length]),
    });
    const data = vectors!.data as Float32Array;
    const dims = vectors!.dims[1]!;
    return rows.map((_, index) => data.slice(index * dims, (index + 1) * dims));
  } finally {
    await session.release();
  }
}

/** Tensors in memory as a graph builder takes them. */
export function inMemory(tensors: Readonly<Record<string, NamedTensor>>): BertTensors {
  const source = {
    origin: 'memory',
    names: Object.keys(tensors),
    info: (name: string) => (tensors[name] ? { dtype: 'F32', shape: tensors[name].shape } : undefined),
    read: (name: string) => new Float32Array(tensors[name]!.values),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return bertTensors(source, (name) => ({
    name,
    transposed: name.endsWith('.weight') && !/embeddings|LayerNorm/.test(name),
  }));
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squareA += a[i]! ** 2;
    squareB += b[i]! ** 2;
  }
  return product / Math.sqrt(squareA * squareB);
}

/** Largest difference of any component, as a share of the largest component. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return actual.length === expected.length ? worst / largest : Infinity;
}
