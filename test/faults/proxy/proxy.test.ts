import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { Client } from 'undici';
import type { Clock } from '../../../shard/contract.ts';
import { open, readAll } from '../../server/fixtures/socket.ts';
import type { Fault } from './contract.ts';
import { Proxy } from './proxy.ts';

interface Context {
  /** Bodies that the node was sent, whole ones. */
  readonly bodies: string[];
  /** Requests that broke off. */
  broken: number;
  readonly proxy: Proxy;
  readonly client: Client;
  close(): Promise<void>;
}

const test = anyTest as TestFn<Context>;
const ANSWER = 'an answer with a frame: WM\u0001 and more';

test.beforeEach(async (t) => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      t.context.bodies.push(body);
      response.end(ANSWER);
    } catch {
      t.context.broken++;
    }
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await Proxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = new Client(proxy.url);
  const close = async (): Promise<void> => {
    await client.destroy();
    await proxy[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  };
  t.context = { bodies: [], broken: 0, proxy, client, close };
});
test.afterEach.always((t) => t.context.close());

async function post({ client }: Context, body = 'a body'): Promise<string> {
  const answer = await client.request({ method: 'POST', path: '/v1/map', body });
  return answer.body.text();
}

test('without a fault everything passes, and a connection is used again', async (t) => {
  t.is(await post(t.context, 'one'), ANSWER);
  t.is(await post(t.context, 'x'.repeat(1_000_000)), ANSWER);
  t.deepEqual(
    t.context.bodies.map(({ length }) => length),
    [3, 1_000_000],
  );
  t.is(t.context.proxy.connections, 1);
});

const breaksOff = test.macro({
  title: (_, { kind }: Fault, direction) =>
    `a ${kind} after some bytes of the ${direction} breaks that request, and no other`,
  async exec(t, fault: Fault, _direction) {
    const befallen = t.context.proxy.afflict(fault);
    await t.throwsAsync(post(t.context));
    await befallen;
    t.is(await post(t.context, 'another'), ANSWER);
    t.deepEqual(t.context.proxy.committed, { [fault.kind]: 1 });
    t.true(t.context.bodies.length <= 2);
  },
});
for (const kind of ['cut', 'reset'] as const) {
  test(breaksOff, { kind, direction: 'request', after: 40 }, 'request');
  test(breaksOff, { kind, direction: 'answer', after: 30 }, 'answer');
}

test('a cut lets through exactly the bytes that it was told', async (t) => {
  const befallen = t.context.proxy.afflict({ kind: 'cut', direction: 'answer', after: 25 });
  const socket = await open(t.context.proxy.url);
  socket.write('POST /v1/map HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  t.is((await readAll(socket)).length, 25);
  await befallen;
  socket.destroy();
});

test('a stall keeps both ends open, and nothing passes', async (t) => {
  const befallen = t.context.proxy.afflict({ kind: 'stall', direction: 'answer', after: 10 });
  const stop = new AbortController();
  const answer = t.context.client.request({ method: 'POST', path: '/v1/map', body: 'a', signal: stop.signal });
  await befallen;
  t.is(t.context.proxy.connections, 1);
  t.deepEqual(t.context.bodies, ['a']);
  stop.abort();
  await t.throwsAsync(answer);
});

test('a delay and a pace are waited for by the clock that was given', async (t) => {
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    after(milliseconds, callback) {
      waits.push(milliseconds);
      setImmediate(callback);
      return () => {};
    },
  };
  await using proxy = await Proxy.start(t.context.proxy.target, { clock });
  const client = new Client(proxy.url);
  const both = [
    proxy.afflict({ kind: 'delay', direction: 'answer', milliseconds: 3_600_000 }),
    proxy.afflict({ kind: 'throttle', direction: 'request', bytesPerSecond: 1 }),
  ];
  t.is(await post({ ...t.context, client }), ANSWER);
  t.is(new Set(waits).size, 1);
  t.is(waits[0], 3_600_000);
  t.is(await post({ ...t.context, client }), ANSWER);
  await Promise.all(both);
  t.true(waits.at(-1)! >= 1000);
  await client.close();
});

test('a duplicate reaches the node twice, and the client has one answer', async (t) => {
  const befallen = t.context.proxy.afflict({ kind: 'duplicate' });
  t.is(await post(t.context, 'twice '.repeat(30_000)), ANSWER);
  await befallen;
  t.is(await post(t.context, 'once'), ANSWER);
  while (t.context.bodies.length < 3) await new Promise(setImmediate);
  t.deepEqual(new Set(t.context.bodies), new Set(['twice '.repeat(30_000), 'once']));
});

test('an answer that is garbled has all its bytes, and its first frame is none', async (t) => {
  const { proxy } = t.context;
  const befallen = proxy.afflict({ kind: 'garble' });
  const answer = post(t.context, 'WM\u0001');
  t.is(await answer, ANSWER.replace('WM\u0001', '???'));
  await befallen;
  t.is(await post(t.context), ANSWER);
});

test('a closed proxy resets connections, and an open one lets them in again', async (t) => {
  t.is(await post(t.context), ANSWER);
  t.context.proxy.open = false;
  t.context.proxy.reset();
  await t.throwsAsync(post(t.context));
  await t.throwsAsync(post(t.context));
  t.context.proxy.open = true;
  t.is(await post(t.context), ANSWER);
});

test('who comes while connections are held is let in when they are no more', async (t) => {
  const { proxy } = t.context;
  proxy.hold();
  const answer = post(t.context, 'early');
  const gone = await open(proxy.url);
  gone.destroy();
  await once(gone, 'close');
  t.is(proxy.connections, 0);
  proxy.release();
  t.is(await answer, ANSWER);
  t.deepEqual(t.context.bodies, ['early']);
});

test('a node that is gone is gone for the client too', async (t) => {
  t.context.proxy.target = 'http://127.0.0.1:1';
  await t.throwsAsync(post(t.context));
});

test('a client that leaves is told to the node, and the connection forgotten', async (t) => {
  const socket = await open(t.context.proxy.url);
  socket.write('POST /v1/map HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
  while (t.context.proxy.connections < 1) await new Promise(setImmediate);
  socket.resetAndDestroy();
  while (t.context.broken < 1 || t.context.proxy.connections > 0) await new Promise(setImmediate);
  t.pass();
});
