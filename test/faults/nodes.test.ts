import { setTimeout as sleep } from 'node:timers/promises';
import { range } from '../../shard/iterables.ts';
import { ask } from '../server/fixtures/client.ts';
import * as app from './fixtures/app.ts';
import { rowsOn } from './fixtures/rows.ts';

const row = rowsOn({ nodes: 2, args: ['--limit', 'batchesInFlight=4', '--limit', 'replayMs=500'] });

const COUNT = 400;
const doubles = Array.from({ length: COUNT }, (_, value) => value * 2);
/** Batches so small that each node has several of them at any time; runs are counted, so none is sent twice for being late. */
const SMALL = { maxBatchSize: 10, hedge: false } as const;
const QUICK = { laneRetries: { initialDelay: 10, maxDelay: 100 } } as const;

/** All outputs; `happening` is called once, when that many have come. */
async function during<O>(outputs: AsyncIterable<O>, count: number, happening: () => unknown): Promise<O[]> {
  const taken: O[] = [];
  for await (const output of outputs) if (taken.push(output) === count) await happening();
  return taken;
}

row('a node is killed', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect();
  const outputs = await during(warp.function(app.slow).map(range(COUNT), SMALL), 100, () => first!.kill());
  t.deepEqual(outputs, doubles);
  const runs = fleet.record.counts('slow');
  // Four batches of ten were on their way, and some of their outputs may not have been.
  t.true([...runs.values()].filter((times) => times > 1).length <= 40);
  t.true([...runs.values()].every((times) => times <= 2));
  t.true(fleet.record.entries.some(({ node }) => node === '0'));
});

row('a node refuses connections', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect();
  const outputs = await during(warp.function(app.slow).map(range(COUNT), { ...SMALL, ...QUICK }), 100, () => {
    first!.proxy.open = false;
    first!.proxy.reset();
  });
  t.deepEqual(outputs, doubles);
  t.true([...fleet.record.counts('slow').values()].every((times) => times <= 2));
});

row('all nodes are gone, and come back', async (t, fleet) => {
  await using warp = await fleet.connect();
  const map = warp.function(app.slow).map(range(COUNT), { ...SMALL, laneRetries: { maxRetries: 100, maxDelay: 200 } });
  let back: Promise<unknown> | undefined;
  const outputs = await during(map, 100, async () => {
    await Promise.all(fleet.members.map((member) => member.kill()));
    back = Promise.all(fleet.members.map((member) => member.restart()));
  });
  // The map may be done by the first that is back.
  await back;
  t.deepEqual(outputs, doubles);
});

row('all nodes are gone, and stay away', async (t, fleet) => {
  await using warp = await fleet.connect();
  const map = warp.function(app.slow).map(range(COUNT), { ...SMALL, laneRetries: { maxRetries: 3, initialDelay: 10 } });
  const outputs: number[] = [];
  const error = await t.throwsAsync(
    (async () => {
      for await (const output of map) {
        if (outputs.push(output) !== 100) continue;
        await Promise.all(fleet.members.map((member) => member.kill()));
      }
    })(),
    { name: 'ShardError', code: 'LANES_EXHAUSTED' },
  );
  t.deepEqual(outputs, doubles.slice(0, outputs.length));
  for (const url of fleet.urls) t.true(error.message.includes(url));
});

row('a node is stopped, and neither answers nor closes', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect({ silence: 1000 });
  try {
    const map = warp.function(app.slow).map(range(COUNT), SMALL);
    t.deepEqual(await during(map, 100, () => first!.signal('SIGSTOP')), doubles);
  } finally {
    first!.signal('SIGCONT');
  }
});

row('a node drains, or loads its model (503)', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect();
  let ended: Promise<void> | undefined;
  const map = warp.function(app.slow).map(range(COUNT), SMALL);
  t.deepEqual(await during(map, 100, () => (ended = first!.end('SIGTERM'))), doubles);
  await ended;
  // What it had, it finished.
  t.true([...fleet.record.counts('slow').values()].every((times) => times === 1));
});

row('a node is overloaded (429)', async (t, fleet) => {
  const [first] = fleet.members;
  const { record } = fleet;
  const hold = Array.from({ length: 4 }, (_, value) =>
    ask({ url: first!.url, form: 'json', function: 'faults/gated', inputs: [20 + value] }),
  );
  while ((await first!.metric('warpmap_batches_in_flight')) < 4) await sleep(5);
  await using warp = await fleet.connect();
  const began = performance.now();
  t.deepEqual(await Array.fromAsync(warp.function(app.slow).map(range(COUNT), SMALL)), doubles);
  const seconds = (performance.now() - began) / 1000;
  const refused = await first!.metric('warpmap_requests_total', 'status="429"');
  t.true(refused > 0);
  // Those that were sent together, and after that one for each second that the node asked for.
  t.true(refused <= 4 + Math.floor(seconds), `${refused} requests were refused in ${seconds} s`);
  t.true([...record.counts('slow').values()].every((times) => times === 1));
  record.put('gate');
  await Promise.all(hold);
  await record.remove('gate');
});

row('an input on which every node dies', async (t, fleet) => {
  await using _one = fleet.members[0]!.supervise();
  await using _other = fleet.members[1]!.supervise();
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(
    warp.function(app.bomb).map(range(40), {
      initialBatchSize: 5,
      maxBatchSize: 5,
      returnErrors: true,
      // Nodes are waited for, however long they take to come back.
      laneRetries: { maxRetries: 2, initialDelay: 100, backoffCoefficient: 200 },
    }),
  );
  t.like(outputs[13], { name: 'InputError', code: 'INPUT_LOST', index: 13 });
  t.deepEqual(outputs.toSpliced(13, 1), doubles.slice(0, 40).toSpliced(13, 1));
  // A node is not held against an input while others run beside it.
  const deaths = fleet.record.counts('bomb').get(13)!;
  t.true(deaths >= 3 && deaths <= 5, `${deaths} nodes died`);
});

row('a node is slow', async (t, fleet) => {
  await using warp = await fleet.connect();
  const hedge = { minDelay: 50, budget: 1 };
  // On the first node no input ends.
  t.deepEqual(await Array.fromAsync(warp.function(app.lame).map(range(COUNT), { ...SMALL, hedge })), doubles);
  const begun = fleet.record.entries.filter(({ what, node }) => what === 'lame' && node === '0');
  t.true(begun.length > 0);
  // What lost is stopped. Another may still begin, to be told as well.
  await fleet.record.until(() => {
    const told = fleet.record.counts('told');
    return begun.every(({ value = -1 }) => told.has(value));
  });
  t.true([...fleet.record.counts('lame').values()].every((times) => times <= 2));
});

row('a node joins amid a map', async (t, fleet) => {
  const [first, second] = fleet.members;
  await using warp = await fleet.connect({ nodes: [first!.proxy.url] });
  const map = warp.function(app.slow).map(range(COUNT), SMALL);
  t.deepEqual(await during(map, 50, () => warp.addNode(second!.proxy.url)), doubles);
  t.true(fleet.record.entries.some(({ what, node }) => what === 'slow' && node === '1'));
  t.true([...fleet.record.counts('slow').values()].every((times) => times === 1));
});

row('a node leaves amid a map', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect();
  const map = warp.function(app.slow).map(range(COUNT), SMALL);
  t.deepEqual(await during(map, 50, () => warp.removeNode(first!.proxy.url)), doubles);
  const { entries } = fleet.record;
  const runs = entries.filter(({ what }) => what === 'slow');
  t.true([...fleet.record.counts('slow').values()].every((times) => times === 1));
  // It had no more than what was in flight, and did not have half of it all.
  t.true(runs.filter(({ node }) => node === '0').length < COUNT / 2);
});
