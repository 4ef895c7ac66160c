import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import test from 'ava';
import { request } from 'undici';
import { decodeMessages } from '../../shard/wire/decode.ts';
import { ManualClock } from './fixtures/clock.ts';
import type { HostedFunction } from '../../core/functions/contract.ts';
import { bodyOf, type FormName, FORMS } from './fixtures/client.ts';
import { startNode } from './fixtures/node.ts';
import { open, readAll } from './fixtures/socket.ts';

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

/** Answers 128 MiB (64 KiB an input) in all to a batch of 2,048 inputs, part by part: more than any system buffers. */
function heavy(): HostedFunction & { parts: number } {
  // Each differs, or the frames would carry them once.
  const output = (): string => randomBytes(49_152).toString('base64');
  const hosted = {
    name: 'heavy',
    sequential: false,
    parts: 0,
    bind: () => ({
      accept: String,
      run: async ({ length }: readonly unknown[]) => {
        hosted.parts++;
        return { kind: 'values', values: Array.from({ length }, output) } as const;
      },
    }),
  };
  return hosted;
}

const ALL_PARTS = 8;

function requestFor(form: FormName): Buffer {
  const inputs = Array.from({ length: 2048 }, (_, index) => `${index}`);
  const { type, body } = bodyOf({ url: '', form, function: 'heavy', inputs });
  const head = `POST /v1/map HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body as string)]);
}

for (const form of FORMS) {
  test(`a node runs no further ahead than its client reads, over ${form}`, async (t) => {
    const hosted = heavy();
    await using node = await startNode({ functions: [hosted] });
    const socket = await open(node.url);
    socket.pause();
    socket.write(requestFor(form));
    // The first bytes are here, so the node is writing; it goes on only while something takes what it writes.
    await once(socket, 'readable');
    let before: number;
    do {
      before = hosted.parts;
      await request(`${node.url}/livez`).then(({ body }) => body.dump());
    } while (hosted.parts > before);
    t.true(hosted.parts < ALL_PARTS, `${hosted.parts} parts of ${ALL_PARTS}`);
    t.true((await readAll(socket)).length > 128 * 1024 * 1024, 'who reads at last gets it all');
    t.is(hosted.parts, ALL_PARTS);
  });

  test(`a client that never reads is given up, over ${form}`, async (t) => {
    const clock = new ManualClock();
    const hosted = heavy();
    await using node = await startNode({ functions: [hosted], clock, limits: { stallMs: 1000, batchMs: 1e12 } });
    const socket = await open(node.url);
    socket.pause();
    socket.on('error', () => {});
    socket.write(requestFor(form));
    await once(socket, 'readable');
    let drained = false;
    const draining = node.server.drain(1e9).then(() => (drained = true));
    while (!drained) {
      await request(`${node.url}/livez`).then(({ body }) => body.dump());
      clock.advance(1000);
    }
    await draining;
    t.true(hosted.parts < ALL_PARTS);
    socket.destroy();
  });
}
