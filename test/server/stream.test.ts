import test from 'ava';
import { request } from 'undici';
import { decodeMessages } from '../../shard/wire/decode.ts';
import { ManualClock } from './fixtures/clock.ts';
import { bodyOf, FORMS } from './fixtures/client.ts';
import { startNode } from './fixtures/node.ts';

test('the first outputs leave while the rest of the batch still runs', async (t) => {
  for (const form of FORMS) {
    await using node = await startNode();
    const inputs = Array.from({ length: 600 }, (_, index) => `${index}`);
    node.engine.hold().release();
    const second = node.engine.hold();
    const { type, body } = bodyOf({ url: node.url, form, inputs });
    const response = await request(`${node.url}/v1/map`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    const reader = response.body[Symbol.asyncIterator]();
    const first = await reader.next();
    t.true((first.value as Buffer).length > 0, form);
    await second.arrived;
    second.release();
    while (!(await reader.next()).done);
  }
});

test('silence is broken by a beat every five seconds', async (t) => {
  const clock = new ManualClock();
  await using node = await startNode({ clock });
  const { arrived, release } = node.engine.hold();
  const { type, body } = bodyOf({ url: node.url, form: 'frames' });
  const sent = request(`${node.url}/v1/map`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  await arrived;
  clock.advance(4_999);
  clock.advance(1);
  const response = await sent;
  t.is(response.statusCode, 200, 'the answer begins with the first beat');
  clock.advance(15_000);
  release();
  const types: string[] = [];
  for await (const message of decodeMessages(response.body)) types.push(message.type);
  t.deepEqual(types, ['beat', 'beat', 'beat', 'beat', 'outputs', 'end']);
});
