import { CoreError } from '../errors.ts';
import { HostSearch, type HostSearchOptions } from '../similarity/host-search.ts';
import { Final } from '../similarity/final.ts';
import {
  type Best,
  type Explanation,
  NO_ROW,
  type SearchOptions,
  type StoreOptions,
  type VectorStore,
} from './contract.ts';
import { type HostQuery, HostRows } from './host-rows.ts';
import { candidatesOf, checkStoreOptions, firstMetric } from './store-options.ts';

export interface HostStoreOptions extends HostSearchOptions {
  /** Default: as many as make 64 MiB. */
  readonly rowsPerSegment?: number | undefined;
}

/** Vectors in host memory, searched on the CPU. Blocks its thread. */
export class HostStore implements VectorStore {
  readonly #rows: HostRows;
  readonly #search: HostSearch;
  /** The same rows in float32, where the store rescores. */
  readonly #full: HostRows | undefined;

  /** Throws `OPTION_INVALID`. */
  constructor(options: StoreOptions, { rowsPerSegment, ...search }: HostStoreOptions) {
    checkStoreOptions(options);
    const metric = firstMetric(options);
    this.#rows = new HostRows({ ...options, rowsPerSegment, metric });
    this.#search = new HostSearch(this.#rows, search);
    if (!options.rescore || options.type === 'f32') return;
    this.#full = new HostRows({ ...options, rowsPerSegment, type: 'f32' });
  }

  get dims(): number {
    return this.#rows.dims;
  }

  get size(): number {
    return this.#rows.size;
  }

  write(rows: Uint32Array, vectors: Float32Array): void {
    // Should there be no memory for one of them, no candidate is found that can't be scored again.
    this.#full?.write(rows, vectors);
    this.#rows.write(rows, vectors);
  }

  keep(rows: Uint32Array): void {
    this.#rows.keep(rows);
    this.#full?.keep(rows);
  }

  score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Float32Array<ArrayBuffer> {
    const scored = this.#full ?? this.#rows;
    const beyond = rows.find((row) => row >= this.size);
    if (beyond !== undefined) {
      throw new CoreError('INPUT_INVALID', `expected rows below ${this.size}, got ${beyond}`);
    }
    const packed = new Map<number, HostQuery>();
    return Float32Array.from(rows, (row, pair) => {
      const index = queryOf[pair]!;
      const query = packed.get(index) ?? scored.query(this.#vector(queries, index));
      packed.set(index, query);
      return scored.score(query, row);
    });
  }

  async topK(queries: Float32Array, options: SearchOptions): Promise<Best> {
    const full = this.#full;
    if (full === undefined) return this.#search.topK(queries, options);
    const found = await this.#search.topK(queries, { ...options, k: candidatesOf(options) });
    const count = queries.length / this.dims;
    const final = new Final(count, Math.min(options.k, this.size));
    for (let at = 0; at < count; at++) {
      const query = full.query(this.#vector(queries, at));
      const rows = found.rows.subarray(at * found.k, (at + 1) * found.k).filter((row) => row !== NO_ROW);
      final.select(at, rows.sort(), (row) => full.score(query, row));
    }
    return final.best;
  }

  explain(shape: { readonly queries: number; readonly k: number }): Explanation {
    const explained = this.#search.explain(shape);
    if (this.#full === undefined) return explained;
    return { ...explained, steps: [...explained.steps, 'what was found again, in full precision'] };
  }

  async dispose(): Promise<void> {
    await this.#search[Symbol.asyncDispose]();
  }

  #vector(queries: Float32Array, index: number): Float32Array {
    return queries.subarray(index * this.dims, (index + 1) * this.dims);
  }
}
