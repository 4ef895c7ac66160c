import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { range } from '../../../shard/iterables.ts';
import { memoryMain, start } from '../../cli/fixtures/command.ts';
import { ask } from '../fixtures/client.ts';
import { ShiftedClock } from '../fixtures/shifted-clock.ts';
import * as fates from './apps/fates.ts';
import { appPath, type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const folder = await mkdtemp(join(tmpdir(), 'warpmap-fates-'));
// The workers inherit it.
process.env['FATES_FOLDER'] = folder;
const clock = new ShiftedClock();
const opened = openHouse({ app: appPath('fates'), clock });
test.beforeEach(async (t) => {
  t.timeout(90_000);
  t.context = await opened;
});
test.after.always(async () => {
  await (await opened)[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const ONE_BATCH = { initialBatchSize: 100, returnErrors: true } as const;

test.serial(
  'a function whose workers can not start is refused with the reason, and not tried in a hot loop',
  async (t) => {
    const { url, journal } = t.context;
    const licensed = { url, form: 'json', function: 'fates/Licensed.permitted', inputs: [1] } as const;
    const failures = (): number => journal.entries.filter(({ msg }) => msg === 'a worker could not be started').length;
    const refused = await ask(licensed);
    t.like(refused, { status: 503, code: 'WORKER_UNAVAILABLE' });
    t.regex(refused.message!, /there is no licence/);
    const again = await ask(licensed);
    t.like(again, { status: 503, code: 'WORKER_UNAVAILABLE' });
    t.regex(again.message!, /1 times in a row; the next try is in 1 s.*there is no licence/);
    t.is(failures(), 1);
    clock.advance(1_001);
    t.regex((await ask(licensed)).message!, /there is no licence/);
    t.is(failures(), 2);
    // The others are no worse off.
    t.deepEqual((await ask({ ...licensed, function: 'fates/well' })).outputs, [1]);
    await writeFile(join(folder, 'licence'), '');
    t.regex((await ask(licensed)).message!, /2 times in a row; the next try is in 2 s/);
    clock.advance(2_001);
    t.deepEqual((await ask(licensed)).outputs, ['licensed 1']);
  },
);

test.serial('a worker that hangs as it starts is ended after its startupTimeout', async (t) => {
  const { url, journal } = t.context;
  const refused = await ask({ url, form: 'json', function: 'fates/Hanging.hung', inputs: [1] });
  t.like(refused, { status: 503, code: 'WORKER_UNAVAILABLE' });
  t.regex(refused.message!, /startupTimeout/);
  const { msg } = await journal.first((entry) => String(entry['msg']).startsWith('entering'));
  const pid = Number(String(msg).split(' ')[1]);
  while (alive(pid)) await sleep(10);
  t.deepEqual((await ask({ url, form: 'json', function: 'fates/well', inputs: [1] })).outputs, [1]);
});

test.serial('workers that are killed under load, one after the other, cost no output and repeat none', async (t) => {
  const { warp, host } = t.context;
  const values: number[] = [];
  const killed = new Set<number>();
  for await (const { value, pid } of warp.function(fates.steady).map(range(1_500), { maxBatchSize: 50 })) {
    values.push(value);
    if (killed.size < 4 && value > 300 * killed.size && !killed.has(pid)) {
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
  }
  t.deepEqual(values, [...range(1_500)]);
  t.is(killed.size, 4);
  const { stats } = host.functions.find(({ name }) => name === 'fates/steady')!.workers!;
  t.like(stats, { running: 0, waiting: 0, failures: 0 });
  t.true(stats.crashes >= 3);
});

test.serial('of several runs in a worker only the one that takes too long fails', async (t) => {
  // On the system's clock.
  await using house = await openHouse({ app: appPath('fates') });
  const outputs = await Array.fromAsync(house.warp.function(fates.stuckAmong).map(range(12), ONE_BATCH));
  t.like(outputs[5], { name: 'InputError', code: 'TIMEOUT', index: 5 });
  t.deepEqual(outputs.toSpliced(5, 1), [...range(12)].toSpliced(5, 1));
});

test.serial('what runs that overlap say is in the log under the input of each', async (t) => {
  const { warp, journal } = t.context;
  await warp.function(fates.chatty).forEach(range(16), { initialBatchSize: 16 });
  await journal.first(({ msg, stream }) => stream === 'stdout' && msg === 'past the console');
  const said = journal.entries.filter((entry) => entry['function'] === 'chatty' && 'index' in entry);
  t.is(said.length, 3 * 16);
  for (const { msg, index, value, app } of said) {
    t.is(app, 'fates');
    t.true((value === undefined ? Number(String(msg).split(' ')[1]) : value) === index, String(msg));
  }
  // The runs overlap.
  t.true(said.findIndex(({ index }) => index === 1) < said.findLastIndex(({ index }) => index === 0));
  const past = journal.entries.find(({ msg }) => msg === 'past the console')!;
  t.is(typeof past['worker'], 'number');
  t.false('index' in past);
});

test.serial('none of the workers that have ended is left as a zombie', (t) => {
  if (process.platform !== 'linux') {
    t.pass('there is no /proc to look in');
    return;
  }
  const children = globSync('/proc/[0-9]*/stat').flatMap((path) => {
    try {
      const [, state, parent] = /\) (?<state>\S) (?<parent>\d+) /.exec(readFileSync(path, 'utf8')) ?? [];
      return Number(parent) === process.pid ? [state] : [];
    } catch {
      return [];
    }
  });
  t.true(children.length > 0);
  t.false(children.includes('Z'));
});

test.serial('a node that stops lets busy workers finish, and put their state away', async (t) => {
  const node = start(memoryMain, ['serve', appPath('fates'), '--port', '0', '--announce']);
  const { url } = JSON.parse(await node.line()) as { url: string };
  const answer = ask({ url, form: 'json', function: 'fates/Tidy.busy', inputs: [300] });
  await node.stderrShows('busy');
  node.process.kill('SIGTERM');
  t.deepEqual((await answer).outputs, [300]);
  t.like(await node.ended, { code: 0 });
  t.is(await readFile(join(folder, 'tidied'), 'utf8'), 'x');
});

test.serial('a node that stops without patience ends busy workers, and they put their state away', async (t) => {
  await rm(join(folder, 'tidied'), { force: true });
  const args = ['serve', appPath('fates'), '--port', '0', '--announce', '--drain-seconds', '0'];
  const node = start(memoryMain, args);
  const { url } = JSON.parse(await node.line()) as { url: string };
  const answer = ask({ url, form: 'json', function: 'fates/Tidy.busy', inputs: [600_000] }).catch(() => 'cut');
  await node.stderrShows('busy');
  node.process.kill('SIGTERM');
  await answer;
  const { code, stderr } = await node.ended;
  t.is(code, 0);
  const pid = Number(/busy (?<pid>\d+)/.exec(stderr)?.groups?.['pid']);
  t.true(existsSync(join(folder, 'tidied')));
  t.false(alive(pid));
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
