import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { request } from 'undici';
import { type Command, start, startNode } from '../cli/fixtures/command.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-resume-'));
test.after.always(() => rm(folder, { recursive: true }));
const fixtures = new URL('./fixtures/', import.meta.url).pathname;
const INPUTS = 2000;

interface Machine {
  /** Starts a node on the machine's own disk. */
  start(): Promise<Command & { readonly url: string }>;
}

interface Job {
  readonly machines: readonly Machine[];
  /** How often each input was run. */
  readonly runs: () => Promise<Map<number, number>>;
}

let jobs = 0;

async function job(machines: number): Promise<Job> {
  const own = join(folder, String(jobs++));
  const file = `${own}.runs`;
  await writeFile(file, '');
  return {
    machines: Array.from({ length: machines }, (_, machine) => ({
      start: () =>
        startNode(['--data', `${own}-${machine}`, '--limit', 'replayMs=100', `${fixtures}countedApp.ts`], {
          RUNS_FILE: file,
        }),
    })),
    async runs() {
      const runs = new Map<number, number>();
      for (const line of (await readFile(file, 'utf8')).trimEnd().split('\n')) {
        runs.set(Number(line), (runs.get(Number(line)) ?? 0) + 1);
      }
      return runs;
    },
  };
}

function client(...urls: readonly string[]): Command {
  return start(`${fixtures}keyedClientMain.ts`, [urls.join(), String(INPUTS)]);
}

async function complete(...urls: readonly string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await client(...urls).ended;
  if (code !== 0) throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const expected = Array.from({ length: INPUTS }, (_, input) => ({ input, doubled: input * 2 }));

/** The inputs whose outputs a node has journaled, once nothing runs there any more. */
async function journaled(url: string): Promise<number[]> {
  for (;;) {
    const metrics = await request(`${url}/metrics`).then(({ body }) => body.text());
    if (metrics.includes('\nwarpmap_batches_in_flight 0\n')) break;
  }
  const { ranges } = (await request(`${url}/v1/journals/nightly`).then(({ body }) => body.json())) as {
    ranges: number[];
  };
  return ranges.flatMap((from, at) =>
    at % 2 === 0 ? Array.from({ length: ranges[at + 1]! - from }, (_, offset) => from + offset) : [],
  );
}

async function kill({ process: child, ended }: Command): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

test.serial(
  'a client that is killed continues where it was, on two nodes: what is journaled is not run again',
  async (t) => {
    t.timeout(120_000);
    const { machines, runs } = await job(2);
    const nodes = await Promise.all(machines.map((machine) => machine.start()));
    const urls = nodes.map(({ url }) => url);
    const first = client(...urls);
    for (let line = 0; line < 300; line++) await first.line();
    await kill(first);
    const known = (await Promise.all(urls.map(journaled))).flat();
    t.true(known.length >= 300 && known.length < INPUTS, `${known.length} were journaled`);
    t.deepEqual(await complete(...urls), expected);
    const counts = await runs();
    t.is(counts.size, INPUTS);
    for (const input of known) t.is(counts.get(input), 1);
    await Promise.all(nodes.map(kill));
  },
);

test.serial('a node that is killed has what it had journaled when it is started again', async (t) => {
  t.timeout(120_000);
  const { machines, runs } = await job(1);
  const node = await machines[0]!.start();
  const first = client(node.url);
  for (let line = 0; line < 300; line++) await first.line();
  await Promise.all([kill(node), kill(first)]);
  const again = await machines[0]!.start();
  const known = await journaled(again.url);
  t.true(known.length > 0 && known.length < INPUTS, `${known.length} were journaled`);
  const before = await runs();
  t.deepEqual(await complete(again.url), expected);
  const after = await runs();
  for (const input of known) t.is(after.get(input), before.get(input));
  t.is(after.size, INPUTS);
  await kill(again);
});
