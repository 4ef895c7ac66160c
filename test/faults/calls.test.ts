import test from 'ava';
import { Caller } from '../server/durable/caller.ts';
import { Fleet } from './fixtures/fleet.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const doubled = (count: number): number[] => range(count).map((value) => value * 2);
const started = { nodes: 2, args: ['--limit', 'leaseMs=1000', '--drain-seconds', '1'] } as const;
const LIMIT = 90_000;

test.serial('a node that is killed amid chunks costs no output: another runs them', async (t) => {
  t.timeout(LIMIT);
  await using fleet = await Fleet.start(started);
  const [one, other] = fleet.members;
  const { id } = await Caller.spawn(one!.url, { function: 'faults/lame', inputs: range(100), size: 16 });
  await fleet.begun('lame');
  await one!.kill();
  const call = new Caller(other!.url, id);
  t.like(await call.ended(), { state: 'done', counts: { inputs: 100, done: 100, running: 0, pending: 0 } });
  t.deepEqual(await call.outcomes(), doubled(100));
});

test.serial('all nodes may be killed amid a call, and go on with it when they are back', async (t) => {
  t.timeout(LIMIT);
  await using fleet = await Fleet.start(started);
  const { id } = await Caller.spawn(fleet.members[0]!.url, { function: 'faults/slow', inputs: range(400), size: 16 });
  await fleet.record.until((entries) => entries.length > 50);
  await Promise.all(fleet.members.map((member) => member.kill()));
  await fleet.members[1]!.restart();
  const call = new Caller(fleet.members[1]!.url, id);
  t.like((await call.ended()).counts, { done: 400 });
  t.deepEqual(await call.outcomes(), doubled(400));
});

test.serial('a worker that dies of an input takes no other with it', async (t) => {
  t.timeout(LIMIT);
  await using fleet = await Fleet.start({ ...started, nodes: 1 });
  const { url } = fleet.members[0]!;
  const inputs = range(20).map((value) => [value, 'always']);
  const call = await Caller.spawn(url, { function: 'faults/deadly', options: { spread: true }, inputs });
  t.like((await call.ended()).counts, { done: 19, failed: 1 });
  t.like((await call.outcomes())[13], { code: 'WORKER_CRASHED', attempts: 1 });
});

test.serial('an input that kills node after node is convicted, and its mates get their outputs', async (t) => {
  t.timeout(LIMIT);
  await using fleet = await Fleet.start({ ...started, nodes: 1, args: ['--limit', 'leaseMs=500'] });
  const [member] = fleet.members;
  const { id } = await Caller.spawn(member!.url, { function: 'faults/bomb', inputs: range(16), size: 16 });
  {
    await using _ = member!.supervise();
    // Through the proxy, whose address stays.
    const call = new Caller(member!.proxy.url, id);
    let status;
    do status = await call.ended().catch(() => undefined);
    while (!status);
    t.like(status.counts, { done: 15, failed: 1 });
    t.like((await call.outcomes())[13], { code: 'INPUT_LOST' });
  }
});

test.serial('a node that was stopped for longer than its lease does not disturb what others did', async (t) => {
  t.timeout(LIMIT);
  await using fleet = await Fleet.start(started);
  const [one, other] = fleet.members;
  const { id } = await Caller.spawn(one!.url, { function: 'faults/lame', inputs: range(100), size: 16 });
  await fleet.begun('lame');
  one!.signal('SIGSTOP');
  const call = new Caller(other!.url, id);
  const ended = await call.ended();
  const outcomes = await call.outcomes();
  t.like(ended, { state: 'done', counts: { inputs: 100, done: 100 } });
  t.deepEqual(outcomes, doubled(100));
  one!.signal('SIGCONT');
  // It finds its lease lost, stops the handler, and has nothing left.
  await fleet.record.until((entries) => entries.some(({ what }) => what === 'told'));
  while ((await one!.metric('warpmap_call_chunks_leased')) > 0);
  t.deepEqual(await call.status(), ended);
  t.deepEqual(await call.outcomes(), outcomes);
});

test.serial(
  'a node that is told to stop gives back what it can not finish, and others need not wait for its lease',
  async (t) => {
    t.timeout(LIMIT);
    await using fleet = await Fleet.start({ ...started, nodes: 1, args: ['--drain-seconds', '1'] });
    const [member] = fleet.members;
    const { id } = await Caller.spawn(member!.url, { function: 'faults/gated', inputs: range(32), size: 32 });
    await fleet.record.until((entries) => entries.some(({ value }) => value === 20));
    await member!.end('SIGTERM');
    fleet.record.put('gate');
    await member!.restart();
    const call = new Caller(member!.url, id);
    t.like((await call.ended()).counts, { done: 32 });
    t.deepEqual(await call.outcomes(), doubled(32));
    const counts = fleet.record.counts('gated');
    t.is(counts.get(0), 1, 'what was done before is not run again');
  },
);
