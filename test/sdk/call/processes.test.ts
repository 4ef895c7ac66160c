import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { range } from '../../../shard/iterables.ts';
import { start } from '../../cli/fixtures/command.ts';
import { double, slow } from '../../faults/fixtures/app.ts';
import { Fleet } from '../../faults/fixtures/fleet.ts';
import { writeTinyModel } from '../../fixtures/tinyModel.ts';

/** Real nodes in processes of their own, over one SQLite file. */
const doubled = (count: number): number[] => Array.from(range(0, 2 * count, 2));
/** What a node had that is killed waits no longer than this for another. */
const args = ['--limit', 'leaseMs=2000'];
const client = new URL('../fixtures/spawningClientMain.ts', import.meta.url).pathname;
const faultsApp = new URL('../../faults/fixtures/app.ts', import.meta.url);

test.serial('a call that was spawned on one node is run and read on another of the same data directory', async (t) => {
  await using fleet = await Fleet.start({ nodes: 2, args });
  const [first, second] = fleet.members.map(({ url }) => url);
  await using spawning = await connect({ nodes: [first!] });
  const { id } = await spawning.function(double).spawnMap(range(5000));
  await fleet.members[0]!.kill();
  await using reading = await connect({ nodes: [second!] });
  t.deepEqual(await reading.call<number, number[]>(id).get(), doubled(5000));
});

test.serial(
  'the node that takes an upload is killed amid it, and no input is lost or run into two outputs',
  async (t) => {
    await using fleet = await Fleet.start({ nodes: 2, args });
    await using warp = await fleet.connect();
    let killed: Promise<void> | undefined;
    const inputs = (async function* () {
      for (const input of range(20_000)) {
        // The node that is asked first is asked as long as it lives.
        if (input === 10_000) killed = fleet.members[0]!.kill();
        if (input % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield input;
      }
    })();
    const call = await warp.function(double).spawnMap(inputs);
    await killed;
    t.deepEqual(await Array.fromAsync(call.iterate()), doubled(20_000));
    t.like(await call.status(), { state: 'done', counts: { inputs: 20_000, done: 20_000, failed: 0 } });
  },
);

test.serial('a client is killed amid its upload, and the next run with the key goes on with the call', async (t) => {
  await using fleet = await Fleet.start({ nodes: 1 });
  const killed = start(client, [fleet.urls.join(','), 'half']);
  t.is(await killed.line(), 'half');
  killed.process.kill('SIGKILL');
  await killed.ended;
  await using warp = await fleet.connect();
  const [open] = await warp.calls();
  t.like(open, { state: 'open', key: 'nightly' });
  const again = start(client, [fleet.urls.join(',')]);
  const id = await again.line();
  t.is(id, open!.id);
  t.is((await again.ended).code, 0);
  t.deepEqual(await warp.call<number, number[]>(id).get(), doubled(20_000));
});

test.serial('what a local server had not finished when its program ended goes on with the next', async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'warpmap-local-'));
  const model = await writeTinyModel(join(folder.path, 'model'));
  process.env['WARPMAP_DATA'] = join(folder.path, 'data');
  process.env['WARPMAP_FAULTS_FOLDER'] = folder.path;
  t.teardown(() => {
    delete process.env['WARPMAP_DATA'];
    delete process.env['WARPMAP_FAULTS_FOLDER'];
  });
  const options = { app: faultsApp, model, device: 'cpu' };
  delete process.env['WARPMAP_NODES'];
  const spawned = await (async () => {
    await using warp = await connect(options);
    const call = await warp.function(slow).spawnMap(range(2000), { chunkSize: 50 });
    for await (const _ of call.iterate()) break;
    return call.id;
  })();
  await using warp = await connect(options);
  t.deepEqual(await warp.call<number, number[]>(spawned).get(), doubled(2000));
});
