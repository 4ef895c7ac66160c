import { serveThread } from '../thread/serve.ts';
import { Transferred } from '../thread/transferred.ts';
import type { Device } from '../device/contract.ts';
import { CoreError } from '../errors.ts';
import type { Best, Explanation, SearchOptions, StoreOptions, VectorStore } from './contract.ts';
import { openStores } from './stores.ts';

/** What the thread of an engine's collections does. A store is named by a number that the caller chooses. */
export interface VectorMethods {
  open(store: number, options: StoreOptions): void;
  drop(store: number): void;
  write(store: number, rows: Uint32Array, vectors: Float32Array): void;
  keep(store: number, rows: Uint32Array): void;
  score(store: number, queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Float32Array<ArrayBuffer>;
  topK(store: number, queries: Float32Array, options: SearchOptions): Best;
  explain(store: number, shape: { readonly queries: number; readonly k: number }): Explanation;
}

export interface VectorThreadData {
  readonly device: Device;
  readonly threads: number;
}

void serveThread<VectorMethods>(async (data) => {
  const opener = await openStores(data as VectorThreadData);
  const stores = new Map<number, VectorStore>();
  const find = (store: number): VectorStore => {
    const found = stores.get(store);
    if (found === undefined) throw new CoreError('COLLECTION_NOT_FOUND', `no store numbered ${store} is open`);
    return found;
  };
  // A store's calls must not overtake each other, also where one of them waits for the GPU.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };

  return {
    methods: {
      open: (store, options) => inTurn(async () => void stores.set(store, await opener.open(options))),
      drop: (store) =>
        inTurn(async () => {
          await stores.get(store)?.dispose();
          stores.delete(store);
        }),
      write: (store, rows, vectors) => inTurn(() => find(store).write(rows, vectors)),
      keep: (store, rows) => inTurn(() => find(store).keep(rows)),
      score: (store, queries, queryOf, rows) =>
        inTurn(async () => {
          const scores = await find(store).score(queries, queryOf, rows);
          return new Transferred(scores, [scores.buffer]);
        }),
      topK: (store, queries, options) =>
        inTurn(async () => {
          const best = await find(store).topK(queries, options);
          return new Transferred(best, [best.rows.buffer, best.scores.buffer]);
        }),
      explain: (store, shape) => inTurn(() => find(store).explain(shape)),
    },
    async dispose() {
      for (const store of stores.values()) await store.dispose();
      await opener.dispose();
    },
  };
});
