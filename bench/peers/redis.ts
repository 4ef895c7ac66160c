/** A Redis server for the time of a benchmark: one of our own, or, where nothing need be kept, that of `WARPMAP_REDIS`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PeerMissing } from '../map/peer.ts';

export interface RedisServer extends AsyncDisposable {
  /** A URL or the path of a socket. */
  readonly address: string;
}

const mend = 'put `redis-server` on the PATH (`apt-get install redis-server`), or a URL in WARPMAP_REDIS';

/** What is kept on disk: nothing, which is fastest, or each write before it is answered. */
const persistence = {
  none: ['--save', '', '--appendonly', 'no'],
  always: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
} as const;

/** Our own listens on a socket in a folder of its own. Throws `PeerMissing` without one. */
export async function startRedis(keeps: keyof typeof persistence = 'none'): Promise<RedisServer> {
  const url = process.env['WARPMAP_REDIS'];
  // What that keeps is not known.
  if (url !== undefined && keeps === 'none') return { address: url, [Symbol.asyncDispose]: async () => {} };
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-redis-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const address = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', address, '--dir', folder, ...persistence[keeps]];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new PeerMissing('The Redis of BullMQ', mend, { cause: error });
  }
  stack.defer(async () => {
    child.kill();
    await ended;
  });
  await ready(child.stdout, ended);
  const owned = stack.move();
  return { address, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function ready(output: NodeJS.ReadableStream, ended: Promise<void>): Promise<void> {
  const lines = createInterface({ input: output });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  lines.on('line', (line) => {
    said.push(line);
    if (line.includes('eady to accept connections')) resolve();
  });
  void ended.then(() => reject(new Error(`Expected redis-server to listen, but it ended:\n${said.join('\n')}`)));
  await promise;
}
