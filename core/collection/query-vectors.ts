import { LRUCache } from 'lru-cache';
import type { EmbedOptions, Query, Vectors } from '../contract.ts';
import { type Holds, requireLength } from './shape.ts';

const REMEMBERED = 4096;
/** A query may be as long as a request: texts and vectors are bounded by what they take, not by their number alone. */
const REMEMBERED_BYTES = 32 * 1024 * 1024;

/** Resolves queries, embedding each distinct text once, also across calls: one query is often scored against many ids. */
export class QueryVectors {
  readonly #holds: Holds;
  readonly #embed: (texts: readonly string[], options?: EmbedOptions) => Promise<Vectors>;
  readonly #known = new LRUCache<string, Float32Array>({
    max: REMEMBERED,
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: (vector, text) => 2 * text.length + vector.byteLength,
  });

  constructor(holds: Holds, embed: (texts: readonly string[], options?: EmbedOptions) => Promise<Vectors>) {
    this.#holds = holds;
    this.#embed = embed;
  }

  /** Row-major distinct vectors, and for each query which of them it is. */
  async resolve(
    queries: readonly Query[],
    signal: AbortSignal | undefined,
  ): Promise<{ data: Float32Array<ArrayBuffer>; indexOf: Uint32Array<ArrayBuffer> }> {
    const places = new Map<Query, number>();
    const indexOf = Uint32Array.from(queries, (query) => {
      const place = places.get(query) ?? places.size;
      places.set(query, place);
      return place;
    });
    const { dims } = this.#holds;
    const data = new Float32Array(places.size * dims);
    const missing: string[] = [];
    for (const [query, place] of places) {
      const vector = typeof query === 'string' ? this.#known.get(query) : query;
      if (vector === undefined) missing.push(query as string);
      else {
        requireLength(this.#holds, vector.length);
        data.set(vector.subarray(0, dims), place * dims);
      }
    }
    if (missing.length > 0) {
      const embedded = await this.#embed(missing, { ...(signal && { signal }) });
      for (const [row, text] of missing.entries()) {
        const vector = embedded.data.slice(row * dims, (row + 1) * dims);
        this.#known.set(text, vector);
        data.set(vector, (places.get(text) ?? 0) * dims);
      }
    }
    return { data, indexOf };
  }
}
