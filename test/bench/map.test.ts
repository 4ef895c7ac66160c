/** What bench:map times is right before it is fast. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { connect, range } from '../../index.ts';
import { type MapPeer, PeerMissing } from '../../bench/map/peer.ts';
import { openPeers } from '../../bench/map/peers.ts';
import { mapInBatches } from '../../bench/map/pipeline.ts';
import { startProcess } from '../../bench/map/process.ts';
import { fastest, trials } from '../../bench/map/tune.ts';
import { checkOutput, vectorOf, WIDTH } from '../../bench/map/work.ts';
import { importPeer } from '../../bench/peers/import.ts';
import { startRedis } from '../../bench/peers/redis.ts';

const COUNT = 1000;

async function checkAll(outputs: AsyncIterable<unknown>): Promise<number> {
  let index = 0;
  for await (const output of outputs) checkOutput(index++, output);
  return index;
}

test('the node of warpmap gives each input its own output, in order', async (t) => {
  await using node = await startProcess('nodeMain.ts');
  await using warp = await connect({ nodes: [node.line] });
  t.is(await checkAll(warp.function<number, number>('echo').map(range(COUNT))), COUNT);
  const vectors = await Array.fromAsync(warp.function<number, Float32Array>('vector').map(range(3)));
  t.deepEqual(
    vectors.map(({ length }) => length),
    [WIDTH, WIDTH, WIDTH],
  );
  t.is(await checkAll(warp.function<number, Float32Array>('vector').map(range(COUNT))), COUNT);
});

test('each installed peer gives the same, whatever its batch size', async (t) => {
  await using open = await openPeers(({ message }) => t.log(`skipped: ${message}`));
  for (const { peer } of open.peers) {
    for (const size of [300, COUNT, 2 * COUNT]) await t.notThrowsAsync(peer.run('echo', COUNT, size), peer.name);
    await t.notThrowsAsync(peer.run('vector', 10, 3), peer.name);
    t.true(peer.clientPeakMiB() > 10, peer.name);
  }
  t.is(open.peers[0]?.group, 'json');
});

test('batches are checked in the order of the inputs, and so many are under way at once', async (t) => {
  let underWay = 0;
  let most = 0;
  const send = async (inputs: readonly number[]): Promise<readonly number[]> => {
    most = Math.max(most, ++underWay);
    await setImmediate();
    underWay--;
    return inputs;
  };
  await mapInBatches({ count: 10, size: 3, ahead: 2 }, send);
  t.is(most, 2);
  const reversed = (inputs: readonly number[]): Promise<readonly number[]> => send(inputs.toReversed());
  await t.throwsAsync(mapInBatches({ count: 10, size: 3, ahead: 2 }, reversed), { message: /output 0/v });
  const short = (inputs: readonly number[]): Promise<readonly number[]> => send(inputs.filter((input) => input < 9));
  await t.throwsAsync(mapInBatches({ count: 10, size: 3, ahead: 2 }, short), { message: /10 outputs, got 9/v });
});

/** A peer whose runs take as long as `cost` says, on a clock of its own. */
function fakePeer(sizes: readonly number[], cost: (count: number, size: number, runs: number) => number) {
  const asked: string[] = [];
  let time = 0;
  const peer: MapPeer = {
    name: 'fake',
    sizes: { echo: sizes, vector: [] },
    async run(_name, count, size) {
      time += cost(count, size, asked.push(`${count} in batches of ${size}`));
    },
    clientPeakMiB: () => 0,
    [Symbol.asyncDispose]: async () => {},
  };
  return { peer, asked, now: () => time };
}

test('a peer is timed with the batch size that was fastest on these inputs, none larger than half of them', async (t) => {
  const { peer, asked, now } = fakePeer([1, 100, 5000, 10_000, 60_000], (count, size) => count / size + size / 100);
  const tried = await trials(peer, 'echo', 100_000, now);
  t.is(fastest(tried).size, 5000);
  t.deepEqual(
    [...new Set(asked.slice(1))],
    ['2000 in batches of 1', '10000 in batches of 100', '80000 in batches of 5000', '100000 in batches of 10000'],
  );
});

test('the fastest of some runs counts, and never the first use of a peer', async (t) => {
  const { peer, asked, now } = fakePeer([10], (_count, _size, run) => [9000, 80, 40, 50, 60, 70][run - 1] ?? 0);
  t.deepEqual(await trials(peer, 'echo', 1000, now), [{ size: 10, rate: 160 / 0.04 }]);
  t.is(asked.length, 6);
});

test('a slow size is run once', async (t) => {
  const { peer, asked, now } = fakePeer([10], () => 2000);
  t.deepEqual(await trials(peer, 'echo', 1000, now), [{ size: 10, rate: 80 }]);
  t.is(asked.length, 2);
});

test('a peer that is not installed is named with what installs it', async (t) => {
  const error = await t.throwsAsync(importPeer('warpmap-no-such-peer'), { instanceOf: PeerMissing });
  t.regex(error?.message ?? '', /warpmap-no-such-peer is not installed: run `npm run bench:peers`/v);
});

test('Redis is started without a port and leaves nothing behind', async (t) => {
  try {
    const server = await startRedis();
    t.true(existsSync(server.address));
    await server[Symbol.asyncDispose]();
    t.false(existsSync(dirname(server.address)));
  } catch (error) {
    t.true(error instanceof PeerMissing, String(error));
    t.log(`skipped: ${String(error)}`);
  }
});

test('an output in the place of another is not timed', (t) => {
  t.notThrows(() => checkOutput(2, 2));
  t.notThrows(() => checkOutput(2, vectorOf(2)));
  t.throws(() => checkOutput(2, 3), { message: /output 2/v });
  t.throws(() => checkOutput(2, vectorOf(3)), { message: /output 2/v });
  t.throws(() => checkOutput(2, [2, 0]), { message: /384 numbers/v });
});

test('a process that ends before it says a line is an error', async (t) => {
  await t.throwsAsync(startProcess('work.ts'), { message: /ended with code 0/v });
});
