import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { request } from 'undici';
import { decodeMessages } from '../../shard/wire/decode.ts';
import type { Message } from '../../shard/wire/message.ts';
import { ask, bodyOf, FORMS } from './fixtures/client.ts';
import { counting } from './fixtures/counting.ts';
import { ManualClock } from './fixtures/clock.ts';
import { startNode } from './fixtures/node.ts';
import { open } from './fixtures/socket.ts';

async function resume(url: string, call: string, from?: number): Promise<Message[]> {
  const query = from === undefined ? '' : `?from=${from}`;
  const { statusCode, body } = await request(`${url}/v1/calls/${call}/batches/0/0${query}`);
  if (statusCode !== 200) throw Object.assign(new Error('refused'), await body.json());
  return Array.fromAsync(decodeMessages(body));
}

for (const form of FORMS) {
  test(`a batch that comes twice at once is run once, and both are answered, over ${form}`, async (t) => {
    const hosted = counting(String);
    await using node = await startNode({ functions: [hosted] });
    const asked = { url: node.url, form, function: 'count', inputs: [1, 2, 3], call: randomUUID() };
    const replies = await Promise.all([ask(asked), ask(asked), ask(asked)]);
    for (const { outputs, end } of replies) {
      t.deepEqual(outputs, ['1', '2', '3']);
      t.like(end, { count: 3, failed: 0 });
    }
    t.deepEqual([...hosted.runs.values()], [1, 1, 1]);
  });

  test(`a batch that comes again after its end is answered from memory, over ${form}`, async (t) => {
    const clock = new ManualClock();
    const hosted = counting(String);
    await using node = await startNode({ functions: [hosted], clock });
    const asked = { url: node.url, form, function: 'count', inputs: [1, 2], call: randomUUID() };
    t.deepEqual((await ask(asked)).outputs, ['1', '2']);
    t.deepEqual((await ask(asked)).outputs, ['1', '2']);
    t.is(hosted.runs.get(1), 1);
    clock.advance(5000);
    t.deepEqual((await ask(asked)).outputs, ['1', '2']);
    t.is(hosted.runs.get(1), 2, 'it is forgotten after a while');
  });

  test(`another body under the identity of a batch is 409 BATCH_CONFLICT, over ${form}`, async (t) => {
    await using node = await startNode();
    const asked = { url: node.url, form, call: randomUUID() };
    t.is((await ask({ ...asked, inputs: ['a'] })).status, 200);
    const reply = await ask({ ...asked, inputs: ['b'] });
    t.is(reply.status, 409);
    t.is(reply.code, 'BATCH_CONFLICT');
  });
}

test('who was cut off while the batch runs hears the rest, and the function is not run again', async (t) => {
  await using node = await startNode();
  const inputs = Array.from({ length: 600 }, (_, index) => `${index}`);
  node.engine.hold().release();
  node.engine.hold().release();
  const last = node.engine.hold();
  const call = randomUUID();
  const { type, body } = bodyOf({ url: node.url, form: 'frames', inputs, call });
  const controller = new AbortController();
  const response = await request(`${node.url}/v1/map`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
    signal: controller.signal,
  });
  const heard: Message[] = [];
  await t.throwsAsync(async () => {
    for await (const message of decodeMessages(response.body)) {
      heard.push(message);
      controller.abort();
    }
  });
  await last.arrived;
  const resumed = resume(node.url, call, heard.length);
  last.release();
  heard.push(...(await resumed));
  const indices = heard.flatMap((message) =>
    message.type === 'outputs' ? message.values.map((_, offset) => message.first + offset) : [],
  );
  t.deepEqual(
    indices.toSorted((a, b) => a - b),
    [...inputs.keys()],
    'each output once',
  );
  t.is(heard.at(-1)?.type, 'end');
  t.is(
    node.engine.runs.reduce((sum, texts) => sum + texts, 0),
    600,
  );
  t.deepEqual(await resume(node.url, call, heard.length - 1), heard.slice(-1), 'the end can be heard again');
});

test('a batch runs on for a while without its client, and is stopped then', async (t) => {
  const clock = new ManualClock();
  await using node = await startNode({ clock });
  const { arrived } = node.engine.hold();
  const { type, body } = bodyOf({ url: node.url, form: 'frames' });
  const socket = await open(node.url);
  socket.write(
    `POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  socket.write(body);
  await arrived;
  socket.destroy();
  await once(socket, 'close');
  // The node has seen the end of the connection once it has begun to count the time.
  while (node.engine.aborts.length === 0) {
    clock.advance(1000);
    await request(`${node.url}/livez`).then((answer) => answer.body.dump());
  }
  t.is((node.engine.aborts[0] as { code: string }).code, 'CLIENT_GONE');
  t.is(await node.server.drain(), 0);
});

test('a batch that is stopped by its identity ends at once', async (t) => {
  await using node = await startNode();
  const { arrived } = node.engine.hold();
  const call = randomUUID();
  const running = ask({ url: node.url, form: 'frames', call });
  await arrived;
  const { statusCode } = await request(`${node.url}/v1/calls/${call}/batches/0/0`, { method: 'DELETE' });
  t.is(statusCode, 204);
  t.is((await running).code, 'CALL_CANCELLED');
  t.is(node.engine.aborts.length, 1);
});

test('the answer of a batch that nobody sent is 404 BATCH_UNKNOWN, and of one that has no number 400', async (t) => {
  await using node = await startNode();
  const get = async (path: string): Promise<unknown[]> => {
    const { statusCode, body } = await request(`${node.url}/v1/calls/${path}`);
    return [statusCode, ((await body.json()) as { error: { code: string } }).error.code];
  };
  t.deepEqual(await get('none/batches/0/0'), [404, 'BATCH_UNKNOWN']);
  t.deepEqual(await get('none/batches/x/0'), [400, 'OPTION_INVALID']);
  t.deepEqual(await get('none/batches/0/0?from=-1'), [400, 'OPTION_INVALID']);
  const call = randomUUID();
  await ask({ url: node.url, form: 'json', call });
  t.deepEqual(await get(`${call}/batches/0/0?from=1`), [400, 'OPTION_INVALID'], 'lines are only told whole');
});
