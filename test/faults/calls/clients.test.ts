/** What docs/calls.md says of clients, and of their ways to the nodes, that fail while they begin durable calls. */
import { once } from 'node:events';
import { range } from '../../../shard/iterables.ts';
import { start } from '../../cli/fixtures/command.ts';
import { double } from '../fixtures/app.ts';
import { rowsOn } from '../fixtures/rows.ts';
import { allDoubled } from './outputs.ts';

const callerMain = new URL('../fixtures/callerMain.ts', import.meta.url).pathname;
const row = rowsOn({
  nodes: 2,
  args: ['--limit', 'leaseMs=1000'],
  afflicted: /^POST \/v1\/calls\/[^/]+\/chunks/,
});

row('the client is killed amid its upload', async (t, fleet) => {
  await using warp = await fleet.connect();
  const halting = start(callerMain, [fleet.urls.join(), t.title, '--halting']);
  // What it has stored is run, though nobody knows how much more will come.
  await fleet.record.until((entries) => entries.some(({ value }) => value === 181));
  const ended = once(halting.process, 'exit');
  halting.process.kill('SIGKILL');
  await ended;
  const [open] = await warp.calls({ state: 'open' });
  t.is(open!.key, t.title);
  t.is(open!.counts.inputs, 182);
  const again = start(callerMain, [fleet.urls.join(), t.title]);
  t.is(await again.line(), open!.id);
  t.is((await again.ended).code, 0);
  await allDoubled(t, warp.call<number>(open!.id), 400);
  t.is(fleet.record.counts('slow').size, 400);
  t.true([...fleet.record.counts('slow').values()].every((times) => times === 1));
});

row('the client leaves, or is killed, after its upload', async (t, fleet) => {
  const caller = start(callerMain, [fleet.urls.join(), t.title]);
  const id = await caller.line();
  caller.process.kill('SIGKILL');
  await caller.ended;
  await using warp = await fleet.connect();
  await allDoubled(t, warp.call<number>(id), 400);
});

row('a connection is cut inside a chunk', async (t, fleet) => {
  await using warp = await fleet.connect();
  const befallen = fleet.members.map(({ proxy }) => proxy.afflict({ kind: 'cut', direction: 'request', after: 5000 }));
  const call = await warp.function(double).spawnMap(range(20_000));
  await Promise.race(befallen);
  await allDoubled(t, call, 20_000);
});

row('a connection is cut before a chunk is answered', async (t, fleet) => {
  await using warp = await fleet.connect();
  const befallen = fleet.members.map(({ proxy }) => proxy.afflict({ kind: 'cut', direction: 'answer', after: 5 }));
  const call = await warp.function(double).spawnMap(range(20_000));
  await Promise.race(befallen);
  await allDoubled(t, call, 20_000);
});

row('a chunk arrives twice', async (t, fleet) => {
  await using warp = await fleet.connect();
  const befallen = fleet.members.map(({ proxy }) => proxy.afflict({ kind: 'duplicate' }));
  const call = await warp.function(double).spawnMap(range(20_000));
  await Promise.race(befallen);
  await allDoubled(t, call, 20_000);
});
