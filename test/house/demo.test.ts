/** The demo as the README has it, on fewer passages: what it finds, and what it leaves behind. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** Signals have no group on Windows, and `ps` is not there. */
const signals = process.platform === 'win32' ? test.skip : test.serial;

/** The environment of someone who has set nothing. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WARPMAP_')));

/** What the first passage found for each query must speak of. */
const meant: Readonly<Record<string, RegExp>> = {
  'islands that live from tourism': /island/iv,
  'recovering from a long civil war': /civil war/iv,
  'money sent home by people who work abroad': /^Tonga, economy/v,
  'forests are cut down and the soil washes away': /deforestation; soil erosion/v,
  'earthquakes and volcanic eruptions threaten the people': /earthquakes|volcano/iv,
};

function startDemo(t: ExecutionContext, ...args: readonly string[]) {
  const script = ['--conditions=warpmap:source', 'examples/demo.ts', ...args];
  const child = spawn(process.execPath, script, {
    cwd: repository,
    // A group of its own, to which a terminal would send Ctrl-C.
    detached: true,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A demo that fails its test must not stay either.
  t.teardown(async () => {
    for (const pid of await group(child.pid)) process.kill(pid, 'SIGKILL');
  });
  return { child, exited: once(child, 'exit'), stdout: text(child.stdout) };
}

test.serial('the demo finds what its queries mean, and leaves no process behind', async (t) => {
  t.timeout(150_000);
  const { child, exited, stdout } = startDemo(t, '--passages', '400');
  const errors = text(child.stderr);
  const [code] = await exited;
  const printed = await stdout;
  t.is(code, 0, await errors);
  t.regex(await errors, /^400\/400 done/mv);
  t.regex(printed, /^warpmap {2}all-MiniLM-L6-v2 on .+ \((?:cpu|cuda|webgpu)\), served at http/mv);
  t.regex(printed, /^ {2}400 passages .+ a second$/mv);
  for (const [query, meaning] of Object.entries(meant)) {
    const [, first = ''] = printed.slice(printed.indexOf(query)).split('\n');
    const [, score, passage = ''] = /^ {2}(-?\d\.\d{3}) {2}(.+)$/v.exec(first) ?? [];
    t.true(Number(score) > 0.3, `${query}: ${first}`);
    t.regex(passage, meaning, query);
  }
  t.deepEqual(await group(child.pid), []);
  await t.throwsAsync(fetch(serverIn(printed)));
});

const interrupted = test.macro({
  title: (_, whom: string) => `a demo that is interrupted amid its work ends, told by a signal to ${whom}`,
  async exec(t, _whom: string, target: (pid: number) => number) {
    t.timeout(90_000);
    const { child, exited, stdout } = startDemo(t, '--passages', '3000');
    await once(child.stderr, 'data'); // The first line of progress.
    const pid = child.pid ?? Number.NaN;
    t.is((await group(pid)).length, 2, 'expected the demo and its server');
    process.kill(target(pid), 'SIGINT');
    const [code, signal] = await Promise.race([exited, tooLong('the demo')]);
    t.true(code !== 0, `it ended with ${code ?? signal}`);
    await Promise.race([emptied(pid), tooLong('the server')]);
    t.deepEqual(await group(pid), []);
    await t.throwsAsync(fetch(serverIn(await stdout)));
  },
});

signals(interrupted, 'all of its group, as by Ctrl-C', (pid) => -pid);
signals(interrupted, 'itself alone', (pid) => pid);

test('a number of passages that there are not is refused', async (t) => {
  const { child, exited } = startDemo(t, '--passages', '0');
  const errors = text(child.stderr);
  const [code] = await exited;
  t.is(code, 2);
  t.regex(await errors, /^expected --passages to be a whole number from 1 to 6069, got 0\nusage: npm run demo/v);
});

test('an option that the demo does not have is refused in a sentence', async (t) => {
  const { child, exited } = startDemo(t, '--pasages', '5');
  const errors = text(child.stderr);
  const [code] = await exited;
  t.is(code, 2);
  t.regex(await errors, /^Unknown option '--pasages'.*\nusage: npm run demo/v);
});

/** The processes of a group, by their ids. Zombies, which have ended, don't count. */
async function group(id: number | undefined): Promise<number[]> {
  const rows = await processes();
  return rows.flatMap(([pid, pgid, state]) => (Number(pgid) === id && !state?.startsWith('Z') ? [Number(pid)] : []));
}

/** Id, group and state of each process: from Linux itself, as a small container has no `ps`. */
async function processes(): Promise<string[][]> {
  const ids = (await readdir('/proc').catch((): string[] => [])).filter((name) => /^\d+$/v.test(name));
  if (ids.length === 0) {
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,pgid=,state=']);
    return stdout.split('\n').map((row) => row.trim().split(/\s+/v));
  }
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')));
  // `pid (any name) state ppid pgrp …`
  return stats.map((stat) => {
    const [state = 'Z', , pgid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [String(Number.parseInt(stat, 10)), pgid, state];
  });
}

async function emptied(id: number): Promise<void> {
  while ((await group(id)).length > 0) await sleep(50);
}

/** A server that drained for its 30 seconds, or one that waited to be killed, would take longer. */
async function tooLong(what: string): Promise<never> {
  await sleep(15_000, undefined, { ref: false });
  throw new RangeError(`${what} was still there 15 seconds after the signal`);
}

function serverIn(printed: string): string {
  return /http:\/\/127\.0\.0\.1:\d+/v.exec(printed)?.[0] ?? '';
}
