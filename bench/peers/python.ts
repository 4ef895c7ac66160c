/** Peers in Python: a process of the virtual environment that `npm run bench:peers:python` makes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FunctionName, type MapPeer, PeerMissing } from '../map/peer.ts';

/** Of the virtual environment. */
export const interpreter: string = fileURLToPath(new URL('.venv/bin/python', import.meta.url));

/** `multiprocessing.Pool.imap`. */
export async function openPool(): Promise<MapPeer[]> {
  const python = await startPython('pool_peer.py', 'multiprocessing');
  const sizes = { echo: [1, 100, 1000, 10_000, 50_000], vector: [1, 16, 128, 1024] };
  return [peerOf(python, { name: python.name, way: 'imap', sizes })];
}

/** Ray's actors and Ray Data, which share a cluster of this machine. */
export async function openRay(): Promise<MapPeer[]> {
  const python = await startPython('ray_peer.py', 'Ray');
  const actors = { echo: [1, 1000, 10_000, 100_000], vector: [1, 256, 1024, 8192] };
  const data = { echo: [10_000, 50_000, 250_000, 500_000], vector: [1000, 5000, 25_000, 50_000] };
  return [
    peerOf(python, { name: `Ray ${python.name}, actors`, way: 'actors', sizes: actors }),
    peerOf(python, { name: `Ray Data ${python.name}, map_batches`, way: 'data', sizes: data }),
  ];
}

interface Answer {
  readonly name?: string;
  readonly error?: string;
  readonly peakMiB?: number;
  readonly seconds?: number;
  readonly rows?: readonly number[];
}

export interface PythonProcess extends AsyncDisposable {
  /** What it says of itself. */
  readonly name: string;
  ask(request: object): Promise<Answer>;
}

function peerOf(
  python: PythonProcess,
  { name, way, sizes }: Pick<MapPeer, 'name' | 'sizes'> & { readonly way: string },
): MapPeer {
  let peak = Number.NaN;
  return {
    name,
    sizes,
    async run(task: FunctionName, count, size) {
      const { peakMiB } = await python.ask({ way, function: task, count, size });
      peak = peakMiB ?? peak;
    },
    clientPeakMiB: () => peak,
    [Symbol.asyncDispose]: () => python[Symbol.asyncDispose](),
  };
}

/** Throws `PeerMissing` where the environment has not been made. */
export async function startPython(
  file: string,
  peer: string,
  args: readonly string[] = [String(availableParallelism())],
  python: string = interpreter,
): Promise<PythonProcess> {
  if (python === interpreter && !existsSync(interpreter))
    throw new PeerMissing(peer, 'run `npm run bench:peers:python` first');
  const path = fileURLToPath(new URL(`python/${file}`, import.meta.url));
  const child = spawn(python, [path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Expected an answer of ${file}, but it ended:\n${said.join('').slice(-4000)}`);
    const read = JSON.parse(value) as Answer;
    if (read.error !== undefined) throw new Error(`${file}: ${read.error}`);
    return read;
  };
  const { name = peer } = await answer();
  return {
    name,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    // The end of its input is its sign to close what it has opened.
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
