import { range } from '../../shard/iterables.ts';
import * as app from './fixtures/app.ts';
import type { Fleet } from './fixtures/fleet.ts';
import { rowsOn } from './fixtures/rows.ts';
import type { Direction, Fault } from './proxy/contract.ts';
import type { ExecutionContext } from 'ava';

const row = rowsOn({ nodes: 2 });

const COUNT = 400;
const doubles = Array.from({ length: COUNT }, (_, value) => value * 2);
const SMALL = { maxBatchSize: 10, hedge: false } as const;

/** The first node is afflicted so during a map; the most that a batch of ten may run again is returned. */
async function mapUnder(
  t: ExecutionContext,
  fleet: Fleet,
  faults: readonly Fault[],
  silence = 20_000,
): Promise<number> {
  const [first] = fleet.members;
  await using warp = await fleet.connect({ silence });
  const befallen = Promise.all(faults.map((fault) => first!.proxy.afflict(fault)));
  const outputs = await Array.fromAsync(warp.function(app.slow).map(range(COUNT), SMALL));
  await befallen;
  t.deepEqual(outputs, doubles);
  const runs = [...fleet.record.counts('slow').values()];
  t.is(runs.length, COUNT);
  return runs.reduce((sum, times) => sum + times - 1, 0);
}

const breaks = (direction: Direction, after: number): readonly Fault[] => [
  { kind: 'cut', direction, after },
  { kind: 'reset', direction, after },
];

row('a connection is cut inside a frame of the request', async (t, fleet) => {
  // Behind the headers, inside the frame of the inputs.
  t.is(await mapUnder(t, fleet, breaks('request', 300)), 0);
});

row('a connection is cut inside a frame of the answer', async (t, fleet) => {
  t.is(await mapUnder(t, fleet, breaks('answer', 220)), 0);
});

row('a connection falls silent', async (t, fleet) => {
  const stalls: readonly Fault[] = [
    { kind: 'stall', direction: 'request', after: 300 },
    { kind: 'stall', direction: 'answer', after: 220 },
  ];
  t.true((await mapUnder(t, fleet, stalls, 1000)) <= 20);
});

row('a connection is slow', async (t, fleet) => {
  const slow: readonly Fault[] = [
    { kind: 'delay', direction: 'answer', milliseconds: 300 },
    { kind: 'throttle', direction: 'request', bytesPerSecond: 1000 },
    { kind: 'throttle', direction: 'answer', bytesPerSecond: 1000 },
  ];
  t.true((await mapUnder(t, fleet, slow)) <= 30);
});

row('a request arrives twice', async (t, fleet) => {
  t.is(await mapUnder(t, fleet, [{ kind: 'duplicate' }, { kind: 'duplicate' }]), 0);
});

row('a node sends bytes that are not the protocol', async (t, fleet) => {
  const again = await mapUnder(t, fleet, [{ kind: 'garble' }, { kind: 'garble' }]);
  t.true(again <= 20);
});

row('an upsert loses a node', async (t, fleet) => {
  const [first] = fleet.members;
  await using warp = await fleet.connect();
  const items = Array.from({ length: COUNT }, (_, id) => ({ id, text: `text ${id}` }));
  const befallen = Promise.all(breaks('answer', 220).map((fault) => first!.proxy.afflict(fault)));
  await warp.collection('items').upsert(items, { maxBatchSize: 50 });
  await befallen;
  for (const url of fleet.urls) {
    await using one = await fleet.connect({ nodes: [url] });
    t.is(await one.collection('items').size(), COUNT);
  }
});
