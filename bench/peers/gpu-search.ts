/** Exact search by libraries of Python, wherever this machine has them: no list of requirements asks for torch. */
import { spawnSync } from 'node:child_process';
import { PeerMissing } from '../map/peer.ts';
import { interpreter, startPython } from './python.ts';

export interface SearchShape {
  readonly count: number;
  readonly dims: number;
  readonly seed: number;
  readonly querySeed: number;
  readonly k: number;
}

export interface SearchPeer extends AsyncDisposable {
  readonly name: string;
  /** Searches for as many queries once; the rows found, row-major `queries × k`. */
  rows(queries: number): Promise<readonly number[]>;
  /** Searches once; the seconds that its process took, until the answers were in memory of the host. */
  seconds(queries: number): Promise<number>;
}

interface Answer {
  readonly seconds?: number;
  readonly rows?: readonly number[];
}

/** Throws `PeerMissing` where neither `python3` nor the environment of the peers has the library. */
export async function openSearchPeer(library: 'torch' | 'faiss', shape: SearchShape): Promise<SearchPeer> {
  const python = [interpreter, 'python3'].find((each) => has(each, library));
  if (python === undefined) {
    throw new PeerMissing(library, `python3 does not import ${library} and numpy`);
  }
  const process = await startPython('gpu_search_peer.py', library, [JSON.stringify({ library, ...shape })], python);
  const search = (queries: number, reply: boolean): Promise<Answer> => process.ask({ queries, reply });
  return {
    name: process.name,
    rows: async (queries) => (await search(queries, true)).rows ?? [],
    seconds: async (queries) => (await search(queries, false)).seconds ?? Number.NaN,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

function has(python: string, library: string): boolean {
  return spawnSync(python, ['-c', `import numpy, ${library}`], { stdio: 'ignore', timeout: 120_000 }).status === 0;
}
