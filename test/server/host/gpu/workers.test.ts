import anyTest, { type TestFn } from 'ava';
import type { Gpu } from '../../../../core/device/gpus.ts';
import { connect } from '../../../../sdk/connect.ts';
import { range, repeat } from '../../../../shard/iterables.ts';
import { ask } from '../../fixtures/client.ts';
import * as gpus from '../apps/gpus.ts';
import { appPath, type House, openHouse } from '../harness.ts';

const card = (name: string, index: number, gibibytes: number): Gpu => ({
  kind: 'nvidia',
  index,
  name,
  memoryBytes: gibibytes * 2 ** 30,
  uuid: `GPU-${index}`,
});
const made = [card('Small', 0, 4), card('Large', 1, 16), card('Large', 2, 16), card('Only', 3, 2)];

const test = anyTest as TestFn<House>;
const opened = openHouse({ app: appPath('gpus'), gpus: async () => made });
test.beforeEach(async (t) => {
  t.timeout(60_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

const ONE_EACH = { initialBatchSize: 1, maxBatchSize: 1 } as const;

test.serial('each worker has a GPU of its own, of those that fit, and sees no other', async (t) => {
  const outputs = await Array.fromAsync(t.context.warp.function(gpus.large).map(range(40), ONE_EACH));
  t.deepEqual([...new Set(outputs)].toSorted(), ['Large GPU-1', 'Large GPU-2']);
});

test.serial('of a list a worker has the first that the node has', async (t) => {
  // Once the workers of the function before, which are idle, have given theirs back.
  t.regex((await Array.fromAsync(t.context.warp.function(gpus.either).starmap([[]])))[0]!, /^Large GPU-[12]$/);
});

test.serial('a node without a GPU that fits refuses the batch, so that another takes it, and says why', async (t) => {
  const { url } = t.context;
  const refused = await ask({ url, form: 'json', function: 'gpus/missing', inputs: [1] });
  t.like(refused, { status: 503, code: 'DEVICE_NOT_FOUND' });
  t.regex(
    refused.message!,
    /missing needs a GPU: h100, or 1048576\.0 GiB of memory\. This node has Small \(4\.0 GiB\), Large/,
  );
});

test.serial('a map over nodes of which one has a GPU that fits is run there, also what is streamed', async (t) => {
  await using bare = await openHouse({ app: appPath('gpus'), gpus: async () => [] });
  await using warp = await connect({ nodes: [bare.url, t.context.url] });
  const outputs = await Array.fromAsync(warp.function(gpus.large).map(range(40), ONE_EACH));
  t.true(outputs.every((output) => /^Large GPU-[12]$/.test(output)));
  for (let run = 0; run < 2; run++) {
    t.regex((await Array.fromAsync(warp.function(gpus.streamed).remoteGen()))[0]!, /^Large GPU-[12]$/);
  }
});

test.serial('where no node has a GPU that fits the map ends at once, and says what there is', async (t) => {
  await using bare = await openHouse({ app: appPath('gpus'), gpus: async () => [] });
  await using warp = await connect({ nodes: [bare.url, t.context.url] });
  const error = { name: 'NodeError', code: 'DEVICE_NOT_FOUND', message: /missing needs a GPU: h100.* This node has/ };
  await t.throwsAsync(Array.fromAsync(warp.function(gpus.missing).map(range(40))), error);
  await t.throwsAsync(warp.function(gpus.missing).remote(1), error);
  await using alone = await connect({ nodes: [bare.url] });
  await t.throwsAsync(Array.fromAsync(alone.function(gpus.streamed).remoteGen()), {
    name: 'NodeError',
    code: 'DEVICE_NOT_FOUND',
  });
});

for (const how of ['throw', 'die'] as const) {
  test.serial(`an input for which there is too little memory (${how}) is run further down the list`, async (t) => {
    const hungry = t.context.warp.function(gpus.hungry);
    const outputs = await Array.fromAsync(hungry.map([1, 8, 32], repeat(how), { initialBatchSize: 3 }));
    t.regex(outputs.join(), /^Small GPU-0,Large GPU-[12],cpu $/);
  });
}

test.serial('an input for which there is too little memory on all of the list fails with OUT_OF_MEMORY', async (t) => {
  const [output] = await Array.fromAsync(t.context.warp.function(gpus.never).starmap([[]], { returnErrors: true }));
  t.like(output, { name: 'InputError', code: 'OUT_OF_MEMORY', index: 0 });
});

test.serial('functions that want the same GPU have it in turn, also where one keeps a worker', async (t) => {
  const { warp, host } = t.context;
  await host.warm();
  for (const _ of range(2)) {
    t.deepEqual(await Array.fromAsync(warp.function(gpus.one).starmap([[]])), ['Only GPU-3']);
    t.deepEqual(await Array.fromAsync(warp.function(gpus.other).starmap([[]])), ['Only GPU-3']);
  }
});

test.serial('what runs out of memory while its node closes is refused, and not left without an answer', async (t) => {
  const house = await openHouse({ app: appPath('gpus'), gpus: async () => made });
  const answer = ask({
    url: house.url,
    form: 'json',
    function: 'gpus/Stay.late',
    inputs: [[]],
    options: { spread: true },
  });
  await house.journal.says('late began');
  await house.host[Symbol.asyncDispose]();
  t.like(await answer, { status: 503, code: 'WORKER_UNAVAILABLE' });
  await house[Symbol.asyncDispose]();
});
