import type { EmbedOptions, EngineCollection, Id, Item, Match, Query, Vectors } from '../contract.ts';
import { CoreError } from '../errors.ts';
import { mismatch, QueryVectors } from './query-vectors.ts';
import type { RemoteStore } from './remote-store.ts';
import { Rows } from './rows.ts';

export interface CollectionOptions {
  readonly name: string;
  readonly store: RemoteStore;
  /** Embeds texts to vectors of `dims` components with L2 norm 1. */
  readonly embed: (texts: readonly string[], options?: EmbedOptions) => Promise<Vectors>;
}

interface Signalled {
  readonly signal?: AbortSignal;
}

/** Ids here, vectors in the thread of the collections. Changes take effect in the order in which they were asked for. */
export class VectorCollection implements EngineCollection {
  readonly name: string;
  readonly dims: number;
  readonly #rows = new Rows();
  readonly #store: RemoteStore;
  readonly #embed: CollectionOptions['embed'];
  readonly #queries: QueryVectors;

  constructor(options: CollectionOptions) {
    this.name = options.name;
    this.dims = options.store.dims;
    this.#store = options.store;
    this.#embed = options.embed;
    this.#queries = new QueryVectors(options.name, options.store.dims, options.embed);
  }

  get size(): number {
    return this.#rows.size;
  }

  has(id: Id): boolean {
    return this.#rows.row(id) !== undefined;
  }

  async upsert(items: readonly Item[], { signal }: Signalled = {}): Promise<void> {
    if (items.length === 0) return;
    const data = await this.#vectorsOf(items, signal);
    signal?.throwIfAborted();
    // Rows are claimed and the write is sent without a pause between, so that no reader sees a row before its vector.
    const rows = Uint32Array.from(items, (item) => this.#rows.claim(item.id));
    await this.#store.write(rows, data);
  }

  async score(
    queries: readonly Query[],
    ids: readonly Id[],
    { signal }: Signalled = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    if (queries.length !== ids.length) {
      throw new CoreError(
        'INPUT_INVALID',
        `expected one id for each query, got ${queries.length} queries and ${ids.length} ids`,
      );
    }
    if (ids.length === 0) return new Float32Array(0);
    const { data, indexOf } = await this.#queries.resolve(queries, signal);
    const rows = Uint32Array.from(ids, (id) => this.#rowOf(id));
    return this.#store.score(data, indexOf, rows, { signal });
  }

  async topK(queries: readonly Query[], { k, signal }: { readonly k: number } & Signalled): Promise<Match[][]> {
    if (!Number.isInteger(k) || k < 1) {
      throw new CoreError('OPTION_INVALID', `expected \`k\` to be an integer from 1 up, got ${k}`);
    }
    if (queries.length === 0) return [];
    const { data, indexOf } = await this.#queries.resolve(queries, signal);
    // The ids of this moment: an item removed meanwhile may still be answered, but never under another's id.
    const ids = this.#rows.snapshot();
    const best = await this.#store.topK(data, { k: Math.min(k, Math.max(1, ids.length)), signal });
    return Array.from(indexOf, (query) =>
      Array.from({ length: best.k }, (_, rank) => {
        const at = query * best.k + rank;
        return { id: ids[best.rows[at] ?? 0] ?? 0, score: best.scores[at] ?? Number.NaN };
      }),
    );
  }

  async remove(ids: readonly Id[]): Promise<void> {
    const kept = this.#rows.remove(ids);
    if (kept !== undefined) await this.#store.keep(kept);
  }

  /** Frees the vectors. The collection must not be used afterwards. */
  dispose(): Promise<void> {
    return this.#store.drop();
  }

  #rowOf(id: Id): number {
    const row = this.#rows.row(id);
    if (row === undefined) {
      throw new CoreError(
        'ID_NOT_FOUND',
        `the collection "${this.name}" has no item with the id ${JSON.stringify(id)}`,
      );
    }
    return row;
  }

  async #vectorsOf(items: readonly Item[], signal: AbortSignal | undefined): Promise<Float32Array<ArrayBuffer>> {
    const { dims } = this;
    const data = new Float32Array(items.length * dims);
    const texts: string[] = [];
    const places: number[] = [];
    for (const [index, item] of items.entries()) {
      if (item.vector !== undefined) {
        if (item.vector.length !== dims) throw mismatch(this.name, dims, item.vector.length);
        data.set(item.vector, index * dims);
      } else if (item.text !== undefined) {
        texts.push(item.text);
        places.push(index);
      } else {
        throw new CoreError(
          'INPUT_INVALID',
          `expected the item ${JSON.stringify(item.id)} to have a text or a vector, got neither`,
        );
      }
    }
    if (texts.length > 0) {
      const embedded = await this.#embed(texts, { ...(signal && { signal }) });
      for (const [row, index] of places.entries()) {
        data.set(embedded.data.subarray(row * dims, (row + 1) * dims), index * dims);
      }
    }
    return data;
  }
}
