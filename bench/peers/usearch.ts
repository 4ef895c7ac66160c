/** usearch's exact search: SIMD kernels on all cores. */
import { availableParallelism } from 'node:os';
import type { Corpus, Search } from '../kernels/search.ts';
import { importPeer } from './import.ts';

/** The part of the library that is used; its own types are there only once it is installed. */
interface Library {
  readonly MetricKind: { readonly IP: string };
  exactSearch(
    items: Float32Array,
    queries: Float32Array,
    dims: number,
    count: number,
    metric: string,
    threads: number,
  ): { readonly keys: BigUint64Array };
}

/** Throws where `npm run bench:peers` has not been run. */
export async function usearchSearch({ dims, items }: Corpus): Promise<Search> {
  const { library, version } = await importPeer<Library>('usearch');
  const threads = availableParallelism();
  return {
    name: `usearch ${version}, exact`,
    peer: true,
    topK: async (queries, k) => library.exactSearch(items, queries, dims, k, library.MetricKind.IP, threads).keys,
    [Symbol.asyncDispose]: async () => {},
  };
}
