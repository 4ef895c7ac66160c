import type {
  CollectionShape,
  EmbedOptions,
  EngineCollection,
  Explanation,
  Id,
  Item,
  Match,
  Query,
  Search,
  SearchSize,
  Vectors,
} from '../contract.ts';
import { CoreError } from '../errors.ts';
import { allowedBy } from './allowed.ts';
import { NO_ROW } from './contract.ts';
import { QueryVectors } from './query-vectors.ts';
import type { RemoteStore } from './remote-store.ts';
import { Rows } from './rows.ts';
import { requireLength } from './shape.ts';

/** Rows that are dead before their memory is worth the moving of the others. */
const FEW = 64;

export interface CollectionParts {
  readonly name: string;
  readonly store: Pick<RemoteStore, keyof RemoteStore>;
  /** Whether of longer vectors the leading components are kept. */
  readonly truncates: boolean;
  /** Embeds texts to vectors of `dims` components. */
  readonly embed: (texts: readonly string[], options?: EmbedOptions) => Promise<Vectors>;
}

interface Signalled {
  readonly signal?: AbortSignal;
}

/**
 * Ids here, vectors in the thread of the collections. Changes take effect one after the other, in the order in which they
 * were asked for; a search sees those that have been made by then.
 */
export class VectorCollection implements EngineCollection {
  readonly name: string;
  readonly truncates: boolean;
  readonly #rows = new Rows();
  readonly #store: CollectionParts['store'];
  readonly #embed: CollectionParts['embed'];
  readonly #queries: QueryVectors;
  #turn: Promise<unknown> = Promise.resolve();
  /** While rows are being numbered anew, nothing is asked of them. Never rejects. */
  #compaction: Promise<void> | undefined;
  /** Dead rows from which on compaction is tried again, after one for which there was no memory. */
  #patience = 0;

  constructor(parts: CollectionParts) {
    this.name = parts.name;
    this.truncates = parts.truncates;
    this.#store = parts.store;
    this.#embed = parts.embed;
    this.#queries = new QueryVectors(this, parts.embed);
  }

  get type(): CollectionShape['type'] {
    return this.#store.options.type;
  }

  get metric(): CollectionShape['metric'] {
    return this.#store.options.metric;
  }

  get dims(): number {
    return this.#store.options.dims;
  }

  get rescore(): boolean {
    return this.#store.options.rescore;
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
    await this.#inTurn(async () => {
      signal?.throwIfAborted();
      const added = items.map(({ id }) => id).filter((id) => !this.has(id));
      // Rows are claimed and the write is sent without a pause between, so that no reader sees a row before its vector.
      const rows = Uint32Array.from(items, ({ id }) => this.#rows.claim(id));
      try {
        await this.#store.write(rows, data);
      } catch (error) {
        this.#rows.remove(added);
        throw error;
      }
    });
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
    // Looked at again after each wait, and used without another: a row must still be its id's when the store is asked.
    while (this.#compaction !== undefined) await this.#compaction;
    const rows = Uint32Array.from(ids, (id) => this.#rowOf(id));
    return this.#store.score(data, indexOf, rows, { signal });
  }

  async topK(queries: readonly Query[], { filter, k, ...search }: Search & Signalled): Promise<Match[][]> {
    if (!Number.isInteger(k) || k < 1) {
      throw new CoreError('OPTION_INVALID', `expected \`k\` to be an integer from 1 up, got ${k}`);
    }
    if (queries.length === 0) return [];
    const { data, indexOf } = await this.#queries.resolve(queries, search.signal);
    while (this.#compaction !== undefined) await this.#compaction;
    // The ids of this moment: an item removed meanwhile may still be answered, but never under another's id.
    const ids = this.#rows.snapshot();
    const allowed = allowedBy(this.#rows, filter);
    if (allowed.count === 0) return queries.map(() => []);
    const best = await this.#store.topK(data, {
      ...search,
      k: Math.min(k, allowed.count),
      ...(allowed.rows && { allowed: allowed.rows }),
    });
    return Array.from(indexOf, (query) => {
      const matches: Match[] = [];
      for (let at = query * best.k; at < (query + 1) * best.k && best.rows[at] !== NO_ROW; at++) {
        matches.push({ id: ids[best.rows[at]!]!, score: best.scores[at]! });
      }
      return matches;
    });
  }

  explain(size: Required<SearchSize>): Promise<Explanation> {
    return this.#store.explain(size);
  }

  remove(ids: readonly Id[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#rows.remove(ids);
      const { dead, count } = this.#rows;
      const worth = dead === count || (dead >= FEW && 4 * dead >= count);
      if (dead > 0 && worth && dead >= this.#patience) await this.#compact();
    });
  }

  /** Frees the vectors. The collection must not be used afterwards. */
  dispose(): Promise<void> {
    return this.#store.drop();
  }

  /** Changes that were asked for before have been made, or have failed. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #compact(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#compaction = promise;
    try {
      await this.#store.keep(this.#rows.kept());
      this.#rows.closeGaps();
      this.#patience = 0;
    } catch (error) {
      // The rows stay as they are. Memory may be short, but what was to be removed is.
      if (!(error instanceof CoreError) || error.code !== 'OUT_OF_MEMORY') throw error;
      this.#patience = 2 * this.#rows.dead;
    } finally {
      this.#compaction = undefined;
      resolve();
    }
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
        requireLength(this, item.vector.length);
        data.set(item.vector.subarray(0, dims), index * dims);
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
