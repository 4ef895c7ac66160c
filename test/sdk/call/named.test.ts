import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { repeat } from '../../../shard/iterables.ts';
import { RemoteFunction } from '../../../sdk/app/remote-function.ts';
import { connect } from '../../../sdk/connect.ts';
import { deploy } from '../../../sdk/deploy/deploy.ts';
import { main, runCommand, startNode } from '../../cli/fixtures/command.ts';

/** An app whose every output tells its version. */
const source = (version: number): string => `
import { App, context } from 'warpmap';
export const app = new App('told');
export const add = app.function('add', (a, b = 0) => {
  context().log('adding', { a, b });
  return (a + b) * 10 + ${version};
});
export const letters = app.function('letters', function* (text) { yield* text; });
export const items = app.function('items', (id) => ({ id, vector: new Float32Array(8).fill(id + 1) }));
`;

async function node() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'warpmap-named-'));
  const token = 'a-token-of-the-test';
  const running = await startNode(['--with-parent', '--log-level', 'warn', '--data', join(folder.path, 'data')], {
    WARPMAP_TOKEN: token,
  });
  const where = { nodes: [running.url], token };
  return {
    env: { WARPMAP_NODES: running.url, WARPMAP_TOKEN: token },
    connect: () => connect(where),
    async deploy(version: number): Promise<void> {
      const file = join(folder.path, 'app.ts');
      await writeFile(file, source(version));
      await deploy(file, where);
    },
    async [Symbol.asyncDispose]() {
      running.process.kill();
      await running.ended;
      await folder.remove();
    },
  };
}

test.serial(
  'every method of a handle works by the names of a deployed function, of the version that is asked for',
  async (t) => {
    await using at = await node();
    await at.deploy(1);
    await at.deploy(2);
    await using warp = await at.connect();
    type Add = [a: number, b?: number];
    for (const [version, add] of [
      [2, warp.function<Add, number>('told', 'add')],
      [1, RemoteFunction.fromName<Add, number>(warp, 'told', 'add', { version: 1 })],
    ] as const) {
      t.is(await add.remote(1, 2), 30 + version);
      t.deepEqual(await Array.fromAsync(add.map([1, 2], repeat(1))), [20 + version, 30 + version]);
      t.deepEqual(await Array.fromAsync(add.starmap([[1], [2, 2]])), [10 + version, 40 + version]);
      await add.forEach([1, 2]);
      t.is(await (await add.spawn(4, 1)).get(), 50 + version);
      t.deepEqual(await (await add.spawnMap([1, 2])).get(), [10 + version, 20 + version]);
      t.deepEqual(await (await add.spawnStarmap([[1, 1]])).get(), [20 + version]);
      t.true((await add.stats()).workers > 0);
      await add.updateAutoscaler({ maxWorkers: 2 });
    }
    const letters = warp.function<[text: string], string>('told', 'letters');
    t.deepEqual(await Array.fromAsync(letters.remoteGen('ab')), ['a', 'b']);
    t.deepEqual(await (await letters.spawn('ab')).get(), ['a', 'b'] as never);
    t.is(await warp.function<number, number>('told/add').remote(1), 12);
    await t.throwsAsync(warp.function('told', 'nothing').spawn(1), { code: 'FUNCTION_NOT_FOUND' });
  },
);

test.serial('what handlers log is read with the call, and printed by the command', async (t) => {
  await using at = await node();
  await at.deploy(1);
  await using warp = await at.connect();
  const call = await warp.function<[number], number>('told', 'add').spawnMap([5, 6]);
  const followed = await Array.fromAsync(call.logs({ follow: true }));
  t.deepEqual(
    followed.toSorted((a, b) => a.index! - b.index!).map(({ message, fields }) => [message, fields]),
    [
      ['adding', { a: 5, b: 0 }],
      ['adding', { a: 6, b: 0 }],
    ],
  );
  const { stdout } = await runCommand(main, ['call', 'logs', call.id], { env: at.env });
  t.regex(stdout, /^\d{4}-.*Z info +\S+ \[0\] adding \{"a":5,"b":0\}$/m);
});

test.serial('outputs of a call are put into a collection', async (t) => {
  await using at = await node();
  await at.deploy(1);
  await using warp = await at.connect();
  const call = await warp.function<[number], unknown>('told', 'items').spawnMap([0, 1, 2]);
  const { code, stderr } = await runCommand(main, ['call', 'results', call.id, '--collection', 'told'], {
    env: at.env,
  });
  t.is(code, 0, stderr);
  t.is(await warp.collection('told').size(), 3);
});

test.serial('real nodes with stores of their own are refused', async (t) => {
  await using one = await node();
  await using other = await node();
  const nodes = [one.env.WARPMAP_NODES, other.env.WARPMAP_NODES];
  await using warp = await connect({ nodes, token: one.env.WARPMAP_TOKEN });
  await t.throwsAsync(warp.function('embed').spawn('text'), { code: 'STORES_DIFFER' });
});
