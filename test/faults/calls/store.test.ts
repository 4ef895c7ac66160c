/** What docs/calls.md says of stores that fail while they are needed. */
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../sdk/connect.ts';
import type { Connection } from '../../../sdk/connection.ts';
import { range } from '../../../shard/iterables.ts';
import { missingPostgres } from '../../fixtures/postgres.ts';
import { slow } from '../fixtures/app.ts';
import { type Nodes, startNodes, type StoreKind } from '../torture/nodes.ts';
import { allDoubled } from './outputs.ts';

const app = fileURLToPath(new URL('../fixtures/app.ts', import.meta.url));
const without = await missingPostgres();

type Row = (t: ExecutionContext, nodes: Nodes, warp: Connection) => Promise<void>;

function row(title: string, store: StoreKind, run: Row): void {
  const skipped = store === 'postgres' ? without : undefined;
  const declare = skipped === undefined ? test.serial : test.skip;
  declare(skipped === undefined ? title : `${title}, but not on this machine: ${skipped}`, async (t) => {
    t.timeout(60_000);
    await using nodes = await startNodes({ store, app });
    await using warp = await connect({ nodes: nodes.members.map(({ proxy }) => proxy.url), silence: 1500 });
    await run(t, nodes, warp);
  });
}

row('the node that owns the store is killed, and comes back', 'sqlite', async (t, { members }, warp) => {
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  await members[0]!.kill();
  await members[0]!.restart();
  await allDoubled(t, call, 400);
});

row('Postgres is restarted', 'postgres', async (t, { database }, warp) => {
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  await database!.postgres.crash();
  await allDoubled(t, call, 400);
});

row('the connections to Postgres are cut', 'postgres', async (t, { database }, warp) => {
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  database!.proxy.reset();
  await allDoubled(t, call, 400);
});

row('the disk is full for a while', 'sqlite', async (t, { disk }, warp) => {
  if (!disk) {
    t.pass('no disk can be mounted by this user');
    return;
  }
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  disk.fill();
  await t.throwsAsync(warp.function(slow).spawnMap(range(100_000)), { code: 'STORE_UNAVAILABLE' });
  disk.empty();
  await allDoubled(t, call, 400);
});

row('the clock of the machine is set', 'sqlite', async (t, nodes, warp) => {
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  for (const hours of [10, -10, 0]) await nodes.setClock(hours * 3_600_000);
  await allDoubled(t, call, 400);
});
