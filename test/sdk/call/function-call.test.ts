import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { FunctionCall } from '../../../sdk/call/function-call.ts';
import { connect } from '../../../sdk/connect.ts';
import { InputError } from '../../../shard/errors.ts';
import { range } from '../../../shard/iterables.ts';
import { open } from '../../../local/open.ts';
import { FakeCallNode, FakeStore } from '../fixtures/fake-call-node.ts';
import { writeTinyModel } from '../../fixtures/tinyModel.ts';

const odd = (input: number): number => {
  if (input % 2 === 0) throw new RangeError(`${input} is even`);
  return input;
};

/** A node, and a call of `count` inputs on it of which nothing has run yet. */
async function begun(count: number) {
  const node = await FakeCallNode.start();
  const warp = await connect({ nodes: [node.url] });
  const call = await warp.function<[number], number>('app', 'odd').spawnMap(range(count));
  const end = async (): Promise<void> => {
    await warp[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  };
  return { node, warp, call, [Symbol.asyncDispose]: end };
}

test('iterate yields outputs in order while the call runs, each once', async (t) => {
  await using at = await begun(3000);
  const outputs: number[] = [];
  const reading = (async () => {
    for await (const output of at.call.iterate()) outputs.push(output);
  })();
  // What runs first is not what comes first.
  const stored = at.node.store.calls.get(at.call.id)!;
  const chunks = [...stored.chunks];
  for (const [index] of chunks.toReversed()) {
    stored.chunks.clear();
    stored.chunks.set(index, chunks.find(([each]) => each === index)![1]);
    at.node.store.run(at.call.id, (input) => input);
  }
  await reading;
  t.deepEqual(outputs, [...range(3000)]);
});

test('iterate gives outputs as they complete, from any position on', async (t) => {
  await using at = await begun(100);
  at.node.store.run(at.call.id, (input) => input);
  at.node.store.calls.get(at.call.id)!.outcomes.reverse();
  t.deepEqual(await Array.fromAsync(at.call.iterate({ ordered: false, from: 90 })), [...range(99, 89, -1)]);
  t.deepEqual(await Array.fromAsync(at.call.iterate({ from: 97 })), [97, 98, 99]);
});

test('iterate ends with the first failure, or gives failures in their places', async (t) => {
  await using at = await begun(4);
  at.node.store.run(at.call.id, odd);
  const error = await t.throwsAsync(Array.fromAsync(at.call.iterate()), { instanceOf: InputError });
  t.is(error.message, 'Input 0 (0) failed on fake: 0 is even');
  const all = await Array.fromAsync(at.call.iterate({ returnErrors: true }));
  t.deepEqual(
    all.map((each) => (each instanceof InputError ? each.index : each)),
    [0, 1, 2, 3],
  );
  t.true(all[2] instanceof InputError);
});

test('entries have positions, and may be failures alone', async (t) => {
  await using at = await begun(3);
  at.node.store.run(at.call.id, odd);
  const entries = await Array.fromAsync(at.call.entries());
  t.deepEqual(
    entries.map((entry) => ('error' in entry ? [entry.index, entry.error.code] : [entry.index, entry.output])),
    [
      [0, 'FUNCTION_FAILED'],
      [1, 1],
      [2, 'FUNCTION_FAILED'],
    ],
  );
});

test('a failure that was told, and tried again since, is not told twice', async (t) => {
  await using at = await begun(2);
  at.node.store.run(at.call.id, odd);
  const stored = at.node.store.calls.get(at.call.id)!;
  stored.state = 'sealed';
  const entries = at.call.entries({ ordered: false });
  t.is((await entries.next()).value!.index, 0);
  t.is((await entries.next()).value!.index, 1);
  // Input 0 is tried again, and its output comes last.
  const block = at.node.store.calls.get(at.call.id)!.outcomes[1]! as never as { block: Uint8Array<ArrayBuffer> };
  stored.outcomes.push({ kind: 'outputs', first: 0, count: 1, block: block.block });
  stored.state = 'done';
  at.node.store.changed();
  t.true((await entries.next()).done);
});

test('what is read goes on over the loss of the node that is asked', async (t) => {
  const store = new FakeStore();
  await using first = await FakeCallNode.start(store);
  await using second = await FakeCallNode.start(store);
  await using warp = await connect({ nodes: [first.url, second.url] });
  const call = await warp.function<[number], number>('app', 'odd').spawnMap(range(20_000));
  store.run(call.id, (input) => input);
  const outputs: number[] = [];
  for await (const output of call.iterate()) {
    if (outputs.push(output) === 5000) await (first.requests.length > second.requests.length ? first : second).kill();
  }
  t.deepEqual(outputs, [...range(20_000)]);
});

test('wait: false gives what there is, and ends', async (t) => {
  await using at = await begun(10);
  t.deepEqual(await Array.fromAsync(at.call.iterate({ wait: false })), []);
});

test('leaving the loop, and the signal, end what waits on the node', async (t) => {
  await using at = await begun(10);
  const stop = new AbortController();
  const reading = Array.fromAsync(at.call.iterate({ signal: stop.signal }));
  while (at.node.store.waiters.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort(new RangeError('enough'));
  await t.throwsAsync(reading, { message: 'enough' });
  while (at.node.store.waiters.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.pass();
});

test('a cancelled call gives what it has, and then says so', async (t) => {
  await using at = await begun(3);
  at.node.store.run(at.call.id, (input) => input);
  const stored = at.node.store.calls.get(at.call.id)!;
  stored.outcomes.pop();
  stored.state = 'sealed';
  await at.call.cancel();
  const outputs: number[] = [];
  const read = async (): Promise<void> => {
    for await (const output of at.call.iterate()) outputs.push(output);
  };
  await t.throwsAsync(read, { code: 'CALL_CANCELLED' });
  t.deepEqual(outputs, [0, 1]);
  await t.throwsAsync(at.call.get(), { code: 'CALL_CANCELLED' });
});

test('calls are found by their ids, and gathered', async (t) => {
  await using at = await begun(3);
  const single = await at.warp.function<[number], number>('app', 'odd').spawn(7);
  for (const { id } of [at.call, single]) at.node.store.run(id, (input: number | number[]) => input);
  const found = at.warp.call<number, number[]>(at.call.id);
  t.deepEqual(await FunctionCall.gather(found, FunctionCall.fromId<number[]>(at.warp, single.id)), [[0, 1, 2], [7]]);
  const unknown = at.warp.call('nothing');
  await t.throwsAsync(unknown.get(), { code: 'CALL_UNKNOWN' });
});

test('an engine in this process has nothing that could keep a call, and says what has', async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'warpmap-call-'));
  await writeTinyModel(folder.path);
  await using warp = await open({ model: folder.path, device: 'cpu' });
  const error = await t.throwsAsync(warp.function('embed').spawn('text'), { code: 'NO_STORE' });
  t.regex(error.message, /connect\(\)/);
});
