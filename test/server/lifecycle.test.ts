import { once } from 'node:events';
import test from 'ava';
import { request } from 'undici';
import type { Engine } from '../../core/contract.ts';
import { CoreError } from '../../core/errors.ts';
import { startServer } from '../../server/server.ts';
import { ManualClock } from './fixtures/clock.ts';
import { ask, bodyOf, FORMS } from './fixtures/client.ts';
import { MemoryEngine } from './fixtures/engine.ts';
import { startNode } from './fixtures/node.ts';
import { open, readAll } from './fixtures/socket.ts';

async function get(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { statusCode, body } = await request(url);
  return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
}

for (const form of FORMS) {
  test(`beyond its batches in flight a node answers 429 with Retry-After, over ${form}`, async (t) => {
    await using node = await startNode({ limits: { batchesInFlight: 1 } });
    const { arrived, release } = node.engine.hold();
    const running = ask({ url: node.url, form });
    await arrived;
    const refused = await ask({ url: node.url, form });
    t.is(refused.status, 429);
    t.is(refused.code, 'OVERLOADED');
    t.is(refused.headers['retry-after'], '1');
    release();
    t.is((await running).status, 200);
    t.is((await ask({ url: node.url, form })).status, 200, 'the permit was given back');
  });

  test(`beyond its inputs in flight a node answers 429, over ${form}`, async (t) => {
    await using node = await startNode({ limits: { inputsInFlight: 10 } });
    const { arrived, release } = node.engine.hold();
    const running = ask({ url: node.url, form, inputs: ['a', 'b', 'c', 'd', 'e', 'f'] });
    await arrived;
    t.is((await ask({ url: node.url, form, inputs: ['a', 'b', 'c', 'd', 'e'] })).status, 429);
    t.is((await ask({ url: node.url, form, inputs: ['a', 'b', 'c', 'd'] })).status, 200);
    release();
    t.is((await running).status, 200);
    const many = Array.from({ length: 20 }, () => 'a');
    t.is((await ask({ url: node.url, form, inputs: many })).status, 200, 'alone, any batch is let in');
  });

  test(`beyond its bytes in flight a node answers 429, over ${form}`, async (t) => {
    await using node = await startNode({ limits: { bytesInFlight: 10_000 } });
    const { arrived, release } = node.engine.hold();
    const running = ask({ url: node.url, form, inputs: ['x'.repeat(6_000)] });
    await arrived;
    t.is((await ask({ url: node.url, form, inputs: ['x'.repeat(6_000)] })).status, 429);
    t.is((await ask({ url: node.url, form, inputs: ['x'.repeat(2_000)] })).status, 200);
    release();
    t.is((await running).status, 200);
    t.is((await ask({ url: node.url, form, inputs: ['x'.repeat(20_000)] })).status, 200, 'alone, any body is let in');
  });

  test(`a draining node finishes what runs and refuses what comes, over ${form}`, async (t) => {
    await using node = await startNode();
    const { arrived, release } = node.engine.hold();
    const running = ask({ url: node.url, form });
    await arrived;
    const drained = node.server.drain();
    const refused = await ask({ url: node.url, form });
    t.is(refused.status, 503);
    t.is(refused.code, 'NODE_DRAINING');
    t.truthy(refused.headers['retry-after']);
    const ready = await get(`${node.url}/readyz`);
    t.is(ready.status, 503);
    t.like(ready.body, { error: { code: 'NODE_DRAINING' } });
    t.is((await get(`${node.url}/livez`)).status, 200);
    t.like((await get(`${node.url}/v1/node`)).body, { draining: true });
    release();
    t.is((await running).outputs.length, 1);
    t.is(await drained, 0);
  });

  test(`what a drain does not wait for any longer is told so, over ${form}`, async (t) => {
    const clock = new ManualClock();
    await using node = await startNode({ clock });
    const { arrived } = node.engine.hold();
    const running = ask({ url: node.url, form });
    await arrived;
    const drained = node.server.drain(5_000);
    clock.advance(4_999);
    t.is(node.engine.aborts.length, 0);
    clock.advance(1);
    t.is(await drained, 1);
    t.is((await running).code, 'NODE_DRAINING');
  });

  test(`cancelling a call stops its batches and no others, over ${form}`, async (t) => {
    await using node = await startNode();
    const first = node.engine.hold();
    const cancelled = ask({ url: node.url, form, call: 'one' });
    await first.arrived;
    const second = node.engine.hold();
    const other = ask({ url: node.url, form, call: 'other' });
    await second.arrived;

    const { statusCode } = await request(`${node.url}/v1/calls/one`, { method: 'DELETE' });
    t.is(statusCode, 204);
    const reply = await cancelled;
    t.is(reply.status, 409);
    t.is(reply.code, 'CALL_CANCELLED');
    t.is(node.engine.aborts.length, 1);
    t.is((await ask({ url: node.url, form, call: 'one' })).code, 'CALL_CANCELLED', 'a late batch of it too');
    second.release();
    t.is((await other).status, 200);
  });

  test(`a batch that runs beyond its time is stopped, over ${form}`, async (t) => {
    const clock = new ManualClock();
    await using node = await startNode({ clock, limits: { batchMs: 1000 } });
    const { arrived } = node.engine.hold();
    const running = ask({ url: node.url, form });
    await arrived;
    clock.advance(1000);
    const reply = await running;
    t.is(reply.status, 504);
    t.is(reply.code, 'BATCH_TIMEOUT');
    t.is(node.engine.aborts.length, 1);
  });

  test(`a client that is gone stops its batch in the engine, over ${form}`, async (t) => {
    await using node = await startNode({ limits: { replayMs: 1 } });
    const { arrived } = node.engine.hold();
    const controller = new AbortController();
    const running = ask({ url: node.url, form, signal: controller.signal });
    await arrived;
    controller.abort();
    await t.throwsAsync(running);
    // Draining waits for the batch, which only the client's end can have stopped.
    t.is(await node.server.drain(60_000), 0);
    t.is(node.engine.aborts.length, 1);
    t.is((node.engine.aborts[0] as { code: string }).code, 'CLIENT_GONE');
  });
}

test('a client that goes away while it sends frees its permit', async (t) => {
  await using node = await startNode({ limits: { batchesInFlight: 1 } });
  const socket = await open(node.url);
  const { type, body } = bodyOf({ url: node.url, form: 'json' });
  socket.write(
    `POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length + 100}\r\n\r\n${body as string}`,
  );
  while ((await ask({ url: node.url, form: 'json' })).status === 200);
  socket.destroy();
  t.is(await node.server.drain(60_000), 0);
});

test('a body that the client ends early is no request', async (t) => {
  await using node = await startNode();
  const socket = await open(node.url);
  socket.end(
    'POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"fun',
  );
  const answer = await readAll(socket);
  t.regex(answer, /^HTTP\/1.1 400 /);
  t.regex(answer, /REQUEST_INVALID/);
});

test('bytes that are not HTTP are told so', async (t) => {
  await using node = await startNode();
  const socket = await open(node.url);
  socket.end('\x16\x03\x01 this looks like TLS\r\n\r\n');
  t.regex(await readAll(socket), /^HTTP\/1.1 400 [^]*REQUEST_INVALID/);
});

test('a client that sends its headers drop by drop is cut off', async (t) => {
  await using node = await startNode({ limits: { headersMs: 100, requestMs: 200 } });
  const socket = await open(node.url);
  socket.write('POST /v1/map HTTP/1.1\r\nHost: loc');
  t.regex(await readAll(socket), /^HTTP\/1.1 408 [^]*REQUEST_TIMEOUT/);
});

test('a client that sends its body drop by drop is cut off', async (t) => {
  await using node = await startNode({ limits: { headersMs: 100, requestMs: 200 } });
  const socket = await open(node.url);
  socket.write(
    'POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"fun',
  );
  t.regex(await readAll(socket), /^HTTP\/1.1 408 [^]*REQUEST_TIMEOUT/);
  t.is(await node.server.drain(60_000), 0);
});

test('a node is not ready while its model loads, and then is', async (t) => {
  const engine = Promise.withResolvers<Engine>();
  await using server = await startServer({ engine: engine.promise });
  const before = await get(`${server.url}/readyz`);
  t.is(before.status, 503);
  t.like(before.body, { error: { code: 'NODE_NOT_READY' } });
  t.is((await get(`${server.url}/livez`)).status, 200);
  t.is((await ask({ url: server.url, form: 'frames' })).code, 'NODE_NOT_READY');
  engine.resolve(new MemoryEngine());
  await server.ready;
  t.is((await get(`${server.url}/readyz`)).status, 200);
  t.is((await ask({ url: server.url, form: 'frames' })).status, 200);
});

test('a node whose model can not load says so', async (t) => {
  const failure = new CoreError('RUNTIME_UNAVAILABLE', 'No runtime');
  await using server = await startServer({ engine: Promise.reject(failure) });
  await t.throwsAsync(server.ready, { is: failure });
  const { body } = await get(`${server.url}/readyz`);
  t.regex(JSON.stringify(body), /RUNTIME_UNAVAILABLE/);
});

test('disposing a server cuts its connections and leaves the engine to its owner', async (t) => {
  const engine = new MemoryEngine();
  const server = await startServer({ engine });
  const { arrived } = engine.hold();
  const running = ask({ url: server.url, form: 'frames' }).catch(() => 'cut');
  await arrived;
  const idle = await open(server.url);
  const closed = once(idle, 'close');
  idle.resume();
  await server[Symbol.asyncDispose]();
  await running;
  idle.end();
  await closed;
  t.is(engine.aborts.length, 1);
  t.false(engine.disposed);
});

for (const form of FORMS) {
  test(`a node whose engine is lost says so, and is not ready any more, over ${form}`, async (t) => {
    await using node = await startNode();
    t.is((await get(`${node.url}/readyz`)).status, 200);
    const lost = await ask({ url: node.url, form, inputs: ['lose the device'] });
    t.is(lost.status, 503);
    t.is(lost.code, 'DEVICE_LOST');
    t.is(await node.server.gone, 'DEVICE_LOST');
    const ready = await get(`${node.url}/readyz`);
    t.is(ready.status, 503);
    t.regex((ready.body['error'] as { message: string }).message, /DEVICE_LOST/);
    t.is((await ask({ url: node.url, form })).code, 'NODE_NOT_READY');
    t.is((await get(`${node.url}/livez`)).status, 200);
  });
}
