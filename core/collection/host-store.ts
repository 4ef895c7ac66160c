import { InferenceSession, Tensor } from 'onnxruntime-node';
import { mergeBest, type PartBest } from '../similarity/merge.ts';
import { scoreGraph } from '../similarity/score-graph.ts';
import { Selector } from '../similarity/select.ts';
import type { Best, VectorStore } from './contract.ts';
import { Segments } from './segments.ts';

/** Scores that may be in memory at once: 64 MiB of float32. */
const MAX_SCORES = 16 * 1024 * 1024;

/** Vectors in host memory: scored by ONNX Runtime's matrix product on the CPU, selected here. Blocks its thread. */
export class HostStore implements VectorStore {
  readonly #segments: Segments;
  readonly #product: InferenceSession;

  private constructor(segments: Segments, product: InferenceSession) {
    this.#segments = segments;
    this.#product = product;
  }

  /** `threads` is how many cores a product may use. */
  static async open(dims: number, threads: number): Promise<HostStore> {
    const product = await InferenceSession.create(scoreGraph(), {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      // A run is short and then nothing follows for long: spinning would only take the cores from the encoder.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 3,
    });
    return new HostStore(new Segments(dims), product);
  }

  get dims(): number {
    return this.#segments.dims;
  }

  get size(): number {
    return this.#segments.size;
  }

  write(rows: Uint32Array, vectors: Float32Array): void {
    const { dims } = this;
    for (const [index, row] of rows.entries()) {
      this.#segments.write(row, vectors.subarray(index * dims, (index + 1) * dims));
    }
  }

  keep(rows: Uint32Array): void {
    this.#segments.keep(rows);
  }

  score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Float32Array<ArrayBuffer> {
    const { dims } = this;
    const scores = new Float32Array(rows.length);
    for (let pair = 0; pair < rows.length; pair++) {
      const start = (queryOf[pair] ?? 0) * dims;
      const item = this.#segments.row(rows[pair] ?? 0);
      let sum = 0;
      for (let i = 0; i < dims; i++) sum += (queries[start + i] ?? 0) * (item[i] ?? 0);
      scores[pair] = sum;
    }
    return scores;
  }

  async topK(queries: Float32Array, k: number): Promise<Best> {
    const count = queries.length / this.dims;
    const parts: PartBest[] = [];
    for (const segment of this.#segments.filled()) {
      parts.push(await this.#bestOf(queries, count, segment, Math.min(k, segment.rows)));
    }
    return mergeBest(parts, count, k);
  }

  async #bestOf(
    queries: Float32Array,
    count: number,
    segment: { readonly first: number; readonly rows: number; readonly data: Float32Array },
    k: number,
  ): Promise<PartBest> {
    const { dims } = this;
    const rows = new Uint32Array(count * k);
    const scores = new Float32Array(count * k);
    const selector = new Selector(k);
    const items = new Tensor('float32', segment.data, [segment.rows, dims]);
    const step = Math.max(1, Math.floor(MAX_SCORES / segment.rows));
    for (let first = 0; first < count; first += step) {
      const part = queries.subarray(first * dims, Math.min(count, first + step) * dims);
      const { scores: product } = await this.#product.run({
        queries: new Tensor('float32', part, [part.length / dims, dims]),
        items,
      });
      const data = product?.data as Float32Array;
      for (let at = 0; at < part.length / dims; at++) {
        const from = (first + at) * k;
        selector.select(
          data.subarray(at * segment.rows, (at + 1) * segment.rows),
          rows.subarray(from, from + k),
          scores.subarray(from, from + k),
        );
      }
    }
    return { first: segment.first, k, rows, scores };
  }

  async dispose(): Promise<void> {
    await this.#product.release();
  }
}
