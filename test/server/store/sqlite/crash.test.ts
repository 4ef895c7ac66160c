import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import test from 'ava';
import { seeded } from '../../../../bench/harness/random.ts';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { decodeBlock } from '../../../../shard/wire/block.ts';
import { Chunks } from '../../../../shard/wire/chunks.ts';
import { buildTracer, type Chance, Disk, type Operation, readTrace, whyNoTrace } from '../fixtures/crash.ts';
import { wrongIn } from './invariants.ts';

const seed = Number(process.env['WARPMAP_SEED'] ?? 20261124);
const folder = await mkdtemp(join(tmpdir(), 'warpmap-crash-'));
test.after.always(() => rm(folder, { recursive: true }));
let made = 0;
const newFolder = (): string => {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
};
const writer = new URL('../fixtures/writerMain.ts', import.meta.url).pathname;
const why = whyNoTrace();
const traceTest = why === undefined ? test.serial : test.skip;
const unless = why === undefined ? '' : ` (skipped: ${why})`;

const OF_CALL = `call = (SELECT id FROM calls WHERE call = 'call')`;

/** Of what was promised to the writer, what is lost; and all else that is wrong with the file. */
async function brokenIn(path: string, heard: string): Promise<string[]> {
  // Does what is to be done after a crash, and can be written to.
  await using store = new SqliteEngine({ path });
  await store.create({ id: 'after the crash', function: 'app/f' });
  return [...lostIn(path, heard), ...wrongIn(path)];
}

function lostIn(path: string, heard: string): string[] {
  const database = new DatabaseSync(path);
  try {
    const inputs = valuesByChunk(
      database,
      `SELECT chunk, bytes FROM chunks JOIN blocks ON blocks.id = chunks.block WHERE ${OF_CALL}`,
    );
    const outputs = valuesByChunk(database, `SELECT chunk, block AS bytes FROM outcomes WHERE ${OF_CALL}`);
    const known = new Set(
      database
        .prepare('SELECT call FROM calls')
        .all()
        .map(({ call }) => call),
    );
    const kept = (line: string): boolean => {
      const [what, ...rest] = line.split(' ');
      if (what === 'created') return known.has('call');
      if (what === 'removed') return !known.has(rest.join(' '));
      return (what === 'appended' ? inputs : outputs).has(Number(rest[0]));
    };
    const lost = heard
      .split('\n')
      .slice(0, -1)
      .filter((line) => !kept(line));
    const others = [...inputs, ...outputs].filter(([index, [first]]) => String(first).split(' ')[1] !== String(index));
    return [...lost.map((line) => `lost: ${line}`), ...others.map(([index]) => `chunk ${index} has other values`)];
  } finally {
    database.close();
  }
}

function valuesByChunk(database: DatabaseSync, sql: string): Map<number, unknown[]> {
  const rows = database.prepare(sql).all() as unknown as { chunk: number; bytes: Uint8Array<ArrayBuffer> }[];
  return new Map(rows.map(({ chunk, bytes }) => [chunk, decodeBlock({ bytes: new Chunks([bytes]) })]));
}

test.serial(
  `a process that is killed at any moment has lost nothing that it was told is stored (seed ${seed})`,
  async (t) => {
    const directory = newFolder();
    const path = join(directory, 'calls.sqlite');
    const random = seeded(seed);
    for (let turn = 0; turn < 4; turn++) {
      const child = spawn(process.execPath, [...process.execArgv, writer, path, '1000000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exit = once(child, 'exit');
      let left = 20 + Math.floor(random() * 150);
      for await (const _ of createInterface(child.stdout)) if (--left === 0) child.kill('SIGKILL');
      t.deepEqual(await exit, [null, 'SIGKILL']);
      const heard = readFileSync(join(directory, 'heard'), 'utf8');
      t.deepEqual(await brokenIn(path, heard), []);
    }
    t.true(readFileSync(join(directory, 'heard'), 'utf8').split('\n').length > 80);
  },
);

/** What a writer did to its files, until it was done. */
async function traceOf(synchronous: 'full' | 'normal' | 'off'): Promise<Operation[]> {
  const [tracer, directory] = [buildTracer(newFolder()), newFolder()];
  const trace = join(newFolder(), 'trace');
  await promisify(execFile)(
    process.execPath,
    [...process.execArgv, writer, join(directory, 'calls.sqlite'), '60', synchronous],
    { env: { ...process.env, LD_PRELOAD: tracer, TRACE_DIRECTORY: directory, TRACE_FILE: trace } },
  );
  return readTrace(readFileSync(trace));
}

/** Lets the machine crash at so many moments of the trace; resolves to what is broken then. */
async function crashes(
  operations: readonly Operation[],
  { moments, chance }: { readonly moments: number; readonly chance: Chance },
): Promise<string[]> {
  const disk = new Disk();
  const broken: string[] = [];
  const every = operations.length / moments;
  for (const [at, operation] of operations.entries()) {
    disk.perform(operation);
    if (Math.floor(at / every) === Math.floor((at + 1) / every)) continue;
    const directory = newFolder();
    for (const [name, bytes] of disk.after(chance)) writeFileSync(join(directory, name), bytes);
    const found = await brokenIn(join(directory, 'calls.sqlite'), disk.heard).catch((error: unknown) => [
      String(error),
    ]);
    broken.push(...found.map((what) => `after operation ${at}: ${what}`));
    await rm(directory, { recursive: true });
  }
  return broken;
}

const MOMENTS = 80;

traceTest(
  `a crash of the machine that drops all that was not synced loses nothing that was told${unless}`,
  async (t) => {
    const operations = await traceOf('full');
    t.deepEqual(await crashes(operations, { moments: MOMENTS, chance: () => false }), []);
    const heard = new Disk();
    for (const operation of operations) heard.perform(operation);
    t.true(heard.heard.split('\n').length > 100);
    t.regex(heard.heard, /^removed/m);
  },
);

traceTest(`nor does one that drops some of it, and tears writes (seed ${seed})${unless}`, async (t) => {
  const random = seeded(seed);
  t.deepEqual(await crashes(await traceOf('full'), { moments: MOMENTS, chance: () => random() < 0.5 }), []);
});

for (const synchronous of ['normal', 'off'] as const) {
  traceTest(`and with synchronous = ${synchronous} it would: the crash is one${unless}`, async (t) => {
    const broken = await crashes(await traceOf(synchronous), { moments: 40, chance: () => false });
    t.true(broken.some((what) => what.includes('lost: finished')));
  });
}
