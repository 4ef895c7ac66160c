/** Exact search by libraries of Python, in a process of their own. Items and queries reach them as files. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import type { Corpus, Search } from '../kernels/search.ts';
import { startPython } from './python.ts';

/** Throws `PeerMissing` where `npm run bench:peers:python` has not been run. */
export async function pythonSearches({ dims, count, items }: Corpus): Promise<Search[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'warpmap-bench-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'items');
  await writeFile(file, items);
  const searches: Search[] = [];
  for (const library of ['faiss', 'numkong']) {
    const args = [availableParallelism(), library, file, count, dims].map(String);
    const python = opened.use(await startPython('search_peer.py', library, args));
    const [asked, best] = ['queries', 'best'].map((name) => path.join(folder, `${library}.${name}`)) as [
      string,
      string,
    ];
    let written: Float32Array | undefined;
    searches.push({
      name: python.name,
      peer: true,
      async topK(queries, k) {
        if (queries !== written) await writeFile(asked, queries);
        written = queries;
        await python.ask({ queries: asked, k, best });
        const { buffer, byteOffset, byteLength } = await readFile(best);
        return new BigInt64Array(buffer.slice(byteOffset, byteOffset + byteLength));
      },
      [Symbol.asyncDispose]: async () => {},
    });
  }
  const all = opened.move();
  // Whoever disposes of the last disposes of what they share.
  return searches.map((search, index) =>
    index === 0 ? { ...search, [Symbol.asyncDispose]: () => all.disposeAsync() } : search,
  );
}
