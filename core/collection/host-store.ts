import { allowedRows } from '../similarity/allowed.ts';
import { CpuSearch, largestOf } from '../similarity/cpu-search.ts';
import { mergeBest, type PartBest } from '../similarity/merge.ts';
import { scoreOf } from '../similarity/metric.ts';
import { Selector } from '../similarity/select.ts';
import { CoreError } from '../errors.ts';
import {
  type Best,
  type Explanation,
  NO_ROW,
  type SearchOptions,
  type StoreOptions,
  type VectorStore,
} from './contract.ts';
import { normalizedRows } from './normalize.ts';
import { Segments } from './segments.ts';
import { checkStoreOptions } from './store-options.ts';

/** Vectors in host memory, searched on the CPU. Blocks its thread. */
export class HostStore implements VectorStore {
  readonly #options: StoreOptions;
  readonly #segments: Segments;
  readonly #search: CpuSearch;
  /** The largest magnitude of a component that was ever written; `NaN` if one was NaN. */
  #largest = 0;

  private constructor(options: StoreOptions, segments: Segments, search: CpuSearch) {
    this.#options = options;
    this.#segments = segments;
    this.#search = search;
  }

  /** `threads` is how many cores a search may use. Throws `OPTION_INVALID`. */
  static async open(options: StoreOptions, threads: number): Promise<HostStore> {
    checkStoreOptions(options);
    if (options.type !== 'f32') {
      throw new CoreError('OPTION_INVALID', `expected vectors of type f32 on the CPU, got ${options.type}`);
    }
    return new HostStore(options, new Segments(options.dims), await CpuSearch.open(threads));
  }

  get dims(): number {
    return this.#segments.dims;
  }

  get size(): number {
    return this.#segments.size;
  }

  write(rows: Uint32Array, given: Float32Array): void {
    const { dims } = this;
    const vectors = this.#normalized(given);
    this.#largest = Math.max(this.#largest, largestOf(vectors));
    for (const [index, row] of rows.entries()) {
      this.#segments.write(row, vectors.subarray(index * dims, (index + 1) * dims));
    }
  }

  keep(rows: Uint32Array): void {
    this.#segments.keep(rows);
    if (rows.length === 0) this.#largest = 0;
  }

  score(given: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Float32Array<ArrayBuffer> {
    const { dims } = this;
    const queries = this.#normalized(given);
    const scores = new Float32Array(rows.length);
    for (let pair = 0; pair < rows.length; pair++) {
      const start = queryOf[pair]! * dims;
      const query = queries.subarray(start, start + dims);
      scores[pair] = scoreOf(this.#options.metric, query, this.#segments.row(rows[pair]!));
    }
    return scores;
  }

  async topK(given: Float32Array, { k, allowed }: SearchOptions): Promise<Best> {
    const { dims } = this;
    const queries = this.#normalized(given);
    if (allowed !== undefined) return this.#bestOf(queries, allowedRows(allowed, this.size), k);
    if (this.#options.metric === 'euclidean') {
      return this.#bestOf(
        queries,
        Uint32Array.from({ length: this.size }, (_, row) => row),
        k,
      );
    }
    const asked = { data: queries, largest: largestOf(queries) };
    const parts: PartBest[] = [];
    for (const { first, rows, data } of this.#segments.filled()) {
      const items = { data, largest: this.#largest };
      parts.push({ first, ...(await this.#search.topK(asked, items, dims, Math.min(k, rows))) });
    }
    return mergeBest(parts, queries.length / dims, k);
  }

  explain({ queries }: { readonly queries: number; readonly k: number }): Explanation {
    const { dims, size } = this;
    return {
      backend: 'onnxruntime: Gemm and TopK (cpu)',
      reason: 'The vectors lie in host memory.',
      steps: ['the scores of a segment of 64 MiB', 'the k best of them', 'merge'],
      bytes: 4 * size * dims,
      flops: 2 * queries * size * dims,
    };
  }

  async dispose(): Promise<void> {
    await this.#search[Symbol.asyncDispose]();
  }

  #normalized(vectors: Float32Array): Float32Array {
    return this.#options.metric === 'cosine' ? normalizedRows(vectors, this.dims) : vectors;
  }

  /** Scores these rows pair by pair. */
  #bestOf(queries: Float32Array, rows: Uint32Array, k: number): Best {
    const { dims, size } = this;
    const [count, width] = [queries.length / dims, Math.min(k, size)];
    const best = {
      k: width,
      rows: new Uint32Array(count * width).fill(NO_ROW),
      scores: new Float32Array(count * width).fill(Number.NaN),
    };
    const selector = new Selector(width);
    const positions = new Uint32Array(width);
    const scores = new Float32Array(rows.length);
    for (let query = 0; query < count; query++) {
      const of = queries.subarray(query * dims, (query + 1) * dims);
      for (const [at, row] of rows.entries()) {
        scores[at] = scoreOf(this.#options.metric, of, this.#segments.row(row));
      }
      const at = query * width;
      const held = selector.select(scores, positions, best.scores.subarray(at, at + width));
      for (let rank = 0; rank < held; rank++) best.rows[at + rank] = rows[positions[rank]!]!;
    }
    return best;
  }
}
