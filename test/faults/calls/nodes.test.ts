/** What docs/calls.md says of nodes, workers and functions that fail while they run durable calls. */
import { range } from '../../../shard/iterables.ts';
import { bomb, deadly, double, lame, slow, strict } from '../fixtures/app.ts';
import { rowsOn } from '../fixtures/rows.ts';
import { allDoubled, counted } from './outputs.ts';

const row = rowsOn({ nodes: 2, args: ['--limit', 'leaseMs=1000', '--drain-seconds', '1'] });

row('a node is killed', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  await fleet.begun('slow');
  await fleet.members[0]!.kill();
  await allDoubled(t, call, 400);
});

row('a node is stopped, and comes back when others have run what it had', async (t, fleet) => {
  await using warp = await fleet.connect({ silence: 1500 });
  const call = await warp.function(lame).spawnMap(range(20), { chunkSize: 1 });
  await fleet.begun('lame');
  const [member] = fleet.members;
  member!.signal('SIGSTOP');
  try {
    await allDoubled(t, call, 20);
  } finally {
    member!.signal('SIGCONT');
  }
  // Its handlers hear that nobody wants what they do, and nothing that they give counts.
  await fleet.record.until((entries) => entries.some(({ what }) => what === 'told'));
  await allDoubled(t, call, 20);
});

row('a node drains', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(slow).spawnMap(range(400), { chunkSize: 20 });
  await fleet.begun('slow');
  await fleet.members[0]!.end('SIGTERM');
  await allDoubled(t, call, 400);
  t.true([...fleet.record.counts('slow').values()].every((times) => times === 1));
});

row('all nodes are killed, and come back', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(slow).spawnMap(range(200), { chunkSize: 20 });
  await fleet.begun('slow');
  await Promise.all(fleet.members.map((member) => member.kill()));
  await fleet.mend();
  await allDoubled(t, call, 200);
});

row('a worker of an app dies', async (t, fleet) => {
  await using warp = await fleet.connect();
  await fleet.record.remove('died');
  const call = await warp.function(deadly).spawnStarmap([...range(40)].map((value) => [value, 'once'] as const));
  await allDoubled(t, call, 40);
});

row('an input kills each worker that it meets', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(deadly).spawnStarmap([...range(40)].map((value) => [value, 'always'] as const));
  await call.wait();
  await counted(t, call, { done: 39, failed: 1 });
  const [failure] = await Array.fromAsync(call.entries({ failed: true }));
  t.like(failure, { index: 13, error: { code: 'WORKER_CRASHED' } });
});

row('an input kills each node that it meets', async (t, fleet) => {
  await using warp = await fleet.connect();
  const watches = fleet.members.map((member) => member.supervise());
  const call = await warp.function(bomb).spawnMap(range(40));
  await call.wait();
  await counted(t, call, { done: 39, failed: 1 });
  const [failure] = await Array.fromAsync(call.entries({ failed: true }));
  t.like(failure, { index: 13, error: { code: 'INPUT_LOST' } });
  for (const watch of watches) await watch[Symbol.asyncDispose]();
});

row('the function fails on an input', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(strict).spawnMap(range(100));
  await call.wait();
  await counted(t, call, { done: 90, failed: 10 });
  const failures = await Array.fromAsync(call.entries({ failed: true }));
  t.deepEqual(
    failures.map(({ index }) => index),
    [...range(10)].map((ten) => ten * 10 + 3),
  );
  t.is(await call.retryFailed(), 10);
  await call.wait();
  await counted(t, call, { done: 90, failed: 10 });
  t.is(fleet.record.counts('strict').get(13), 2);
  t.is(fleet.record.counts('strict').get(14), 1);
});

row('the call is cancelled', async (t, fleet) => {
  await using warp = await fleet.connect();
  const call = await warp.function(slow).spawnMap(range(2000), { chunkSize: 20 });
  await fleet.begun('slow');
  await call.cancel();
  const { state, counts } = await call.status();
  t.is(state, 'cancelled');
  t.is(counts.done + counts.cancelled, 2000);
  t.is(await call.retryFailed(), counts.cancelled);
  await allDoubled(t, call, 2000);
});

row('the function is on none of the nodes', async (t, fleet) => {
  await using warp = await fleet.connect();
  await t.throwsAsync(warp.function('faults', 'unknown').spawnMap(range(3)), { code: 'FUNCTION_NOT_FOUND' });
  const call = await warp.function(double).spawnMap(range(3));
  await allDoubled(t, call, 3);
});
