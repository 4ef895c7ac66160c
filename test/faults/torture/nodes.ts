import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '../../fixtures/postgres.ts';
import { Member } from '../fixtures/member.ts';
import { Proxy } from '../proxy/proxy.ts';
import { Disk } from './disk.ts';

export type StoreKind = 'sqlite' | 'postgres';

export interface Nodes extends AsyncDisposable {
  readonly members: readonly Member[];
  /** Where functions write down what they do. */
  readonly folder: string;
  /** Where the first node keeps what outlives it. */
  readonly data: string;
  /** Under `data`; undefined where none can be mounted. */
  readonly disk: Disk | undefined;
  readonly database: Database | undefined;
  /** Sets clocks wrong: with SQLite that of the machine, so of all nodes; with Postgres that of the last node alone. */
  setClock(milliseconds: number): Promise<void>;
  /** How often a function was run on an input. */
  runs(): Promise<number>;
}

export interface NodesOptions {
  readonly store: StoreKind;
  /** Path of the app. */
  readonly app: string;
  readonly seed?: number;
}

export interface Database {
  readonly postgres: Postgres;
  /** Past the proxy. */
  readonly url: string;
  readonly proxy: Proxy;
}

const DISK_MEBIBYTES = 512;
/** Requests that carry calls, from clients and between nodes. */
const CALLS = /^[A-Z]+ \/v1\/(?:calls|store|objects)/;
const clockPath = new URL('clock.ts', import.meta.url).href;

/**
 * Three nodes on one store, each in a process of its own and behind a proxy. With SQLite the first owns the store, the
 * second shares its file, and the third reaches it through the first; Postgres all reach through a proxy of its own.
 */
export async function startNodes({ store, app, seed = 0 }: NodesOptions): Promise<Nodes> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-torture-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const data = join(folder, 'data');
  const disk = stack.use((await Disk.mount(data, DISK_MEBIBYTES)) ?? null) ?? undefined;
  const database = store === 'postgres' ? await startDatabase(stack) : undefined;
  const env = { WARPMAP_FAULTS_FOLDER: folder, WARPMAP_TORTURE_SEED: String(seed), WARPMAP_DATABASE_URL: '' };
  const clock = join(folder, 'clock');
  const wrong = { WARPMAP_TORTURE_CLOCK: clock, NODE_OPTIONS: `--import=${clockPath}` };
  const start = async (node: number, args: readonly string[]): Promise<Member> => {
    const common = ['--log-level', 'warn', '--drain-seconds', '2', '--limit', 'leaseMs=2000'];
    const differs = database === undefined || node === 2;
    const options = {
      args: [app, ...common, ...args],
      env: { ...env, WARPMAP_FAULTS_NODE: String(node), ...(differs && wrong) },
      afflicted: CALLS,
    };
    return stack.use(await Member.start(options));
  };
  const shared = database ? ['--store', through(database), '--data', data] : ['--data', data];
  const owner = await start(0, shared);
  const other = database ? shared : ['--store', owner.proxy.url, '--data', join(folder, 'elsewhere')];
  const members = [owner, ...(await Promise.all([start(1, shared), start(2, other)]))];
  const owned = stack.move();
  return {
    members,
    folder,
    data,
    disk,
    database,
    setClock: (milliseconds) => writeFile(clock, String(milliseconds)),
    runs: async () => (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startDatabase(stack: AsyncDisposableStack): Promise<Database> {
  const postgres = await startPostgres({ fsync: true });
  const url = await postgres.database();
  const { host } = new URL(url);
  return { postgres, url, proxy: stack.use(await Proxy.start(`http://${host}`)) };
}

function through({ url, proxy }: Database): string {
  const address = new URL(url);
  address.host = new URL(proxy.url).host;
  return address.href;
}

/** Processes that a node has started and that live: those of its workers. */
export function workersOf({ pid }: Member): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').flatMap((child) => (child.trim() === '' ? [] : [Number(child)]));
  } catch {
    return [];
  }
}
