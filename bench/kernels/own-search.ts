import { availableParallelism } from 'node:os';
import { HostStore } from '../../core/collection/host-store.ts';
import type { Corpus, Search } from './search.ts';

/** What an engine on a CPU searches with. */
export async function ownSearch({ dims, count, items }: Corpus): Promise<Search> {
  const store = new HostStore(
    { dims, type: 'f32', metric: 'dot', rescore: false },
    { threads: availableParallelism() },
  );
  store.write(
    Uint32Array.from({ length: count }, (_, row) => row),
    items,
  );
  return {
    name: 'warpmap',
    peer: false,
    topK: async (queries, k) => (await store.topK(queries, { k })).rows,
    [Symbol.asyncDispose]: () => store.dispose(),
  };
}
