import { CpuSearch, largestOf } from '../similarity/cpu-search.ts';
import { mergeBest, type PartBest } from '../similarity/merge.ts';
import type { Best, VectorStore } from './contract.ts';
import { Segments } from './segments.ts';

/** Vectors in host memory, searched on the CPU. Blocks its thread. */
export class HostStore implements VectorStore {
  readonly #segments: Segments;
  readonly #search: CpuSearch;
  /** The largest magnitude of a component that was ever written; `NaN` if one was NaN. */
  #largest = 0;

  private constructor(segments: Segments, search: CpuSearch) {
    this.#segments = segments;
    this.#search = search;
  }

  /** `threads` is how many cores a search may use. */
  static async open(dims: number, threads: number): Promise<HostStore> {
    return new HostStore(new Segments(dims), await CpuSearch.open(threads));
  }

  get dims(): number {
    return this.#segments.dims;
  }

  get size(): number {
    return this.#segments.size;
  }

  write(rows: Uint32Array, vectors: Float32Array): void {
    const { dims } = this;
    this.#largest = Math.max(this.#largest, largestOf(vectors));
    for (const [index, row] of rows.entries()) {
      this.#segments.write(row, vectors.subarray(index * dims, (index + 1) * dims));
    }
  }

  keep(rows: Uint32Array): void {
    this.#segments.keep(rows);
    if (rows.length === 0) this.#largest = 0;
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
    const { dims } = this;
    const asked = { data: queries, largest: largestOf(queries) };
    const parts: PartBest[] = [];
    for (const { first, rows, data } of this.#segments.filled()) {
      const items = { data, largest: this.#largest };
      parts.push({ first, ...(await this.#search.topK(asked, items, dims, Math.min(k, rows))) });
    }
    return mergeBest(parts, queries.length / dims, k);
  }

  async dispose(): Promise<void> {
    await this.#search[Symbol.asyncDispose]();
  }
}
