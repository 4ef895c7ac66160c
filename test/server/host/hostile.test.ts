import anyTest, { type TestFn } from 'ava';
import { request } from 'undici';
import { range } from '../../../shard/iterables.ts';
import { decodeMessages } from '../../../shard/wire/decode.ts';
import { encodeHead, encodeInputs, encodeRequest } from '../../../shard/wire/encode.ts';
import { MEDIA_TYPE } from '../../../shard/wire/frame.ts';
import { ask } from '../fixtures/client.ts';
import * as tricks from './apps/tricks.ts';
import { type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const opened = openHouse();
test.beforeEach(async (t) => {
  t.timeout(90_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

const head = { function: 'tricks/double', call: 'hostile', batch: 0, attempt: 0, count: 2 };

test.serial('blocks that a worker can not read are refused, and the worker goes on', async (t) => {
  const { url, warp, journal } = t.context;
  const bytes = encodeInputs([1, 'a']);
  // The last byte that is not padding, so that the frame is right and what it holds is not.
  for (const [at, byte] of [
    [8, 9],
    [16, 0xc1],
    [16, 0xdf],
  ] as const) {
    const broken = bytes.slice();
    broken[at] = byte;
    const reply = await ask({ url, form: 'frames', body: Buffer.concat([encodeHead(head), broken]) });
    t.deepEqual([reply.status, reply.code], [400, 'FRAME_INVALID'], `byte ${at} = ${byte}`);
  }
  t.deepEqual(await Array.fromAsync(warp.function(tricks.double).map([1, 2])), [2, 4]);
  t.false(journal.entries.some(({ msg }) => msg === 'a worker died'));
});

test.serial('a client that does not read holds its own batch up, and no other', async (t) => {
  const { url, warp } = t.context;
  const count = 120;
  const inputs = Array.from({ length: count }, (_, index) => index);
  const body = encodeRequest({ ...head, function: 'tricks/bulky', call: 'slow', count }, inputs);
  const slow = await request(`${url}/v1/map`, { method: 'POST', headers: { 'content-type': MEDIA_TYPE }, body });
  // A worker that can't go on with one batch goes on with another.
  const others = await Array.fromAsync(warp.function(tricks.bulky).map(range(3)));
  const ran = Math.max(...others.map(([made]) => made!));
  t.true(ran < count / 2, `${ran} runs`);
  let outputs = 0;
  for await (const message of decodeMessages(slow.body))
    if (message.type === 'outputs') outputs += message.values.length;
  t.is(outputs, count);
});
