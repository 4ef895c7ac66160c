import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { range } from '../../../shard/iterables.ts';
import { connect } from '../../../sdk/connect.ts';
import { FakeCallNode } from '../../sdk/fixtures/fake-call-node.ts';
import { type Ended, main, runCommand, start } from '../fixtures/command.ts';

/** A node with a call whose inputs are those given; `run` gives them outputs. */
async function begun(inputs: Iterable<number>) {
  const node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const { id } = await warp.function<[number], unknown>('app', 'half').spawnMap(inputs);
  return {
    node,
    id,
    run: (apply: (input: number) => unknown): void => node.store.run(id, apply),
    warpmap: (...args: string[]): Promise<Ended> =>
      runCommand(main, ['call', ...args], { env: { WARPMAP_NODES: node.url } }),
    [Symbol.asyncDispose]: async () => node[Symbol.asyncDispose](),
  };
}

const half = (input: number): number => {
  if (input % 2 === 1) throw new RangeError(`${input} is odd`);
  return input / 2;
};

test('results are lines of JSON, and the command fails where inputs did', async (t) => {
  await using at = await begun([0, 1, 2]);
  at.run(half);
  const { code, stdout, stderr } = await at.warpmap('results', at.id);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines[0], '{"index":0,"output":0}');
  t.like(JSON.parse(lines[1]!), { index: 1, error: { code: 'FUNCTION_FAILED' } });
  t.is(lines[2], '{"index":2,"output":1}');
  t.is(code, 1);
  t.regex(stderr, /1 inputs? failed; `warpmap call retry`/);
});

test('results that all came end well, from any position on', async (t) => {
  await using at = await begun(range(5));
  at.run((input) => input);
  const { code, stdout, stderr } = await at.warpmap('results', at.id, '--from', '3');
  t.is(stdout, '{"index":3,"output":3}\n{"index":4,"output":4}\n');
  t.is(stderr, '');
  t.is(code, 0);
});

test('results wait for what is still to come, unless they are told not to', async (t) => {
  await using at = await begun(range(2));
  const none = await at.warpmap('results', at.id, '--no-wait');
  t.like(none, { code: 0, stdout: '' });
  const waiting = start(main, ['call', 'results', at.id], { WARPMAP_NODES: at.node.url });
  while (at.node.store.waiters.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  at.run((input) => input);
  t.like(await waiting.ended, { code: 0, stdout: '{"index":0,"output":0}\n{"index":1,"output":1}\n' });
});

test('a file of results appears once it is whole, in the format that is asked for', async (t) => {
  await using at = await begun([2, 4]);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'warpmap-results-'));
  at.run((input) => ({ half: input / 2 }));
  const csv = join(folder.path, 'results.csv');
  const { code, stdout } = await at.warpmap('results', at.id, '--format', 'csv', '--output', csv);
  t.like({ code, stdout }, { code: 0, stdout: '' });
  t.is(await readFile(csv, 'utf8'), 'index,half,rest,error\r\n0,1,,\r\n1,2,,\r\n');
  const parquet = join(folder.path, 'results.parquet');
  await at.warpmap('results', at.id, '--format', 'parquet', '--output', parquet);
  t.is((await readFile(parquet)).subarray(0, 4).toString(), 'PAR1');
  t.deepEqual((await readdir(folder.path)).toSorted(), ['results.csv', 'results.parquet']);
});

test('a file that can not be written is told, and nothing is left of it', async (t) => {
  await using at = await begun([2]);
  at.run(half);
  const { code, stderr } = await at.warpmap('results', at.id, '--output', '/nowhere/results.jsonl');
  t.is(code, 1);
  t.regex(stderr, /^error FILE_UNWRITABLE: The results could not be written to \/nowhere\/results\.jsonl/);
});

test('what was cancelled gives what there is, and fails', async (t) => {
  await using at = await begun([2, 4]);
  at.run((input) => input);
  const stored = at.node.store.calls.get(at.id)!;
  stored.outcomes.pop();
  stored.state = 'cancelled';
  const { code, stdout, stderr } = await at.warpmap('results', at.id);
  t.is(stdout, '{"index":0,"output":2}\n');
  t.regex(stderr, /was cancelled/);
  t.is(code, 1);
});

test('status is for people, or JSON', async (t) => {
  await using at = await begun(range(3));
  const { stdout } = await at.warpmap('status', at.id);
  t.regex(stdout, new RegExp(`^call +${at.id}$`, 'm'));
  t.regex(stdout, /^function +app\/half$/m);
  t.regex(stdout, /^state +sealed$/m);
  const json = await at.warpmap('status', at.id, '--json');
  t.like(JSON.parse(json.stdout), { id: at.id, state: 'sealed' });
});

test('wait, and status --watch, end with the call, and fail where it was cancelled', async (t) => {
  await using at = await begun(range(3));
  const waiting = start(main, ['call', 'wait', at.id, '--node', at.node.url]);
  const watching = start(main, ['call', 'status', at.id, '--watch', '--json'], { WARPMAP_NODES: at.node.url });
  await watching.line();
  at.run((input) => input);
  t.like(await waiting.ended, { code: 0 });
  const { stdout } = await watching.ended;
  t.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { state: string }).state),
    ['sealed', 'done'],
  );
  const ended = await at.warpmap('status', at.id, '--watch');
  t.like(ended, { code: 0 });
  t.regex(ended.stdout, /^state +done$/m);
  const other = await begun(range(3));
  await other.warpmap('cancel', other.id);
  t.like(await other.warpmap('wait', other.id), { code: 1 });
  await other[Symbol.asyncDispose]();
});

test('list names calls', async (t) => {
  await using at = await begun(range(3));
  const { stdout } = await at.warpmap('list');
  t.true(stdout.startsWith(at.id));
  t.regex(stdout, /sealed +app\/half/);
});

test('without a node the command says how to name one', async (t) => {
  const { code, stderr } = await runCommand(main, ['call', 'list'], { env: { WARPMAP_NODES: '' } });
  t.is(code, 2);
  t.regex(stderr, /^error USAGE: .*WARPMAP_NODES/);
});

test('a call that there is not is told by its code', async (t) => {
  await using at = await begun([1]);
  const { code, stderr } = await at.warpmap('status', 'nothing');
  t.is(code, 1);
  t.regex(stderr, /^error CALL_UNKNOWN: /);
});
