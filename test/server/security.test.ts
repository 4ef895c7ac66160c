import test from 'ava';
import { Writable } from 'node:stream';
import { request } from 'undici';
import { ServerError } from '../../server/errors.ts';
import { createLog } from '../../server/log.ts';
import { startServer } from '../../server/server.ts';
import { ask, FORMS } from './fixtures/client.ts';
import { MemoryEngine } from './fixtures/engine.ts';
import { startNode } from './fixtures/node.ts';

const token = 'correct-horse-battery-staple';
const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

for (const form of FORMS) {
  test(`a node with a token serves who sends it, and nobody else, over ${form}`, async (t) => {
    await using node = await startNode({ token });
    const send = (headers = {}) => ask({ url: node.url, form, headers });
    t.is((await send(bearer(token))).status, 200);

    const missing = await send();
    t.is(missing.status, 401);
    t.is(missing.code, 'TOKEN_MISSING');
    t.is(missing.headers['www-authenticate'], 'Bearer');
    t.is((await send({ authorization: `Basic ${token}` })).code, 'TOKEN_MISSING');
    for (const wrong of [`${token}x`, token.slice(1), token.toUpperCase(), 'x', '__proto__']) {
      const reply = await send(bearer(wrong));
      t.is(reply.status, 401);
      t.is(reply.code, 'TOKEN_INVALID');
    }
    t.is(node.engine.runs.length, 1, 'only the request with the token reached the engine');
  });
}

test('all routes but the probes ask for the token', async (t) => {
  await using node = await startNode({ token });
  const status = async (method: 'GET' | 'DELETE', path: string): Promise<number> => {
    const { statusCode, body } = await request(node.url + path, { method });
    await body.dump();
    return statusCode;
  };
  for (const path of ['/metrics', '/v1/node', '/v1/collections', '/v1/collections/c', '/nowhere']) {
    t.is(await status('GET', path), 401, path);
  }
  t.is(await status('DELETE', '/v1/calls/c'), 401);
  t.is(await status('DELETE', '/v1/collections/c'), 401);
  t.is(await status('GET', '/livez'), 200);
  t.is(await status('GET', '/readyz'), 200);
});

test('a token is never logged, whatever is logged with it', async (t) => {
  let logged = '';
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged += chunk.toString();
      done();
    },
  });
  const log = createLog({ level: 'trace', destination });
  await using node = await startNode({ token, log });
  await ask({ url: node.url, form: 'json', headers: bearer(token) });
  await ask({ url: node.url, form: 'json', headers: bearer(token), inputs: ['lose the device'] });
  await ask({ url: node.url, form: 'json', headers: bearer(`${token}-almost`) });
  log.info({ token, options: { token }, req: { headers: bearer(token) }, headers: bearer(token) }, 'careless');
  t.regex(logged, /careless/);
  t.regex(logged, /DEVICE_LOST/);
  t.notRegex(logged, /correct-horse/);
});

for (const host of ['0.0.0.0', '::', '192.0.2.7', 'node.example.org']) {
  test(`binding ${host} without a token is refused with the mend`, async (t) => {
    const error = await t.throwsAsync(startServer({ engine: new MemoryEngine(), host }), {
      instanceOf: ServerError,
      code: 'TOKEN_REQUIRED',
    });
    t.regex(error?.message ?? '', /--token-file|WARPMAP_TOKEN/);
  });
}

for (const host of ['127.0.0.1', '127.8.9.10', 'localhost', '::1', '[::1]']) {
  test(`binding ${host} needs no token`, async (t) => {
    try {
      await using server = await startServer({ engine: new MemoryEngine(), host });
      t.is((await ask({ url: server.url, form: 'json' })).status, 200);
    } catch (error) {
      // Some containers have no IPv6; then the refusal must be the system's, not ours.
      t.is((error as ServerError).code, 'ADDRESS_UNUSABLE');
      t.true(host.includes('::'));
    }
  });
}

test('binding every address with a token is served over loopback too', async (t) => {
  await using node = await startNode({ host: '0.0.0.0', token });
  t.is((await ask({ url: node.url, form: 'frames', headers: bearer(token) })).status, 200);
});

test('a node without a token does not answer to the name of a web page', async (t) => {
  await using node = await startNode();
  const port = new URL(node.url).port;
  const reply = await ask({
    url: node.url,
    form: 'json',
    headers: { host: `rebound.example:${port}` },
  });
  t.is(reply.status, 403);
  t.is(reply.code, 'HOST_REFUSED');
  const local = await ask({ url: node.url, form: 'json', headers: { host: `localhost:${port}` } });
  t.is(local.status, 200);
});

for (const bad of ['', 'short', 'with a space', 'tökentökentöken', 'x'.repeat(513), 'line\nbreak-token']) {
  test(`a token that no header can carry is refused at the start: ${JSON.stringify(bad.slice(0, 20))}`, async (t) => {
    await t.throwsAsync(startServer({ engine: new MemoryEngine(), token: bad }), {
      code: 'OPTION_INVALID',
    });
  });
}

test('unknown options and limits are refused by name', async (t) => {
  const engine = new MemoryEngine();
  const start = (options: object) => startServer({ engine, ...options });
  await t.throwsAsync(start({ prot: 1 }), { code: 'OPTION_INVALID', message: /`prot`/ });
  await t.throwsAsync(start({ limits: { bodyByte: 1 } }), {
    code: 'OPTION_INVALID',
    message: /`bodyByte`/,
  });
  await t.throwsAsync(start({ limits: { bodyBytes: 0 } }), {
    code: 'OPTION_INVALID',
    message: /bodyBytes/,
  });
  await t.throwsAsync(start({ port: 65_536 }), { code: 'OPTION_INVALID', message: /65536/ });
});

test('a port that is taken is refused with the mend', async (t) => {
  await using node = await startNode();
  const port = Number(new URL(node.url).port);
  await t.throwsAsync(startServer({ engine: node.engine, port }), {
    instanceOf: ServerError,
    code: 'PORT_IN_USE',
    message: /choose another port, or 0/,
  });
});
