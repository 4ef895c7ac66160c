import { once } from 'node:events';
import test from 'ava';
import { request } from 'undici';
import { encodeEnd, encodeHead, encodeInputs } from '../../shard/wire/encode.ts';
import { type Ask, ask, bodyOf, FORMS, type FormName } from './fixtures/client.ts';
import { letters } from './fixtures/engine.ts';
import { startNode } from './fixtures/node.ts';
import { open, readAll } from './fixtures/socket.ts';

/** One rule broken at a time; `whole` proves that the same request without the fault is served. */
interface Fault {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly ask: Partial<Ask> | ((form: FormName) => Partial<Ask>);
  readonly only?: FormName;
}

const head = { function: 'embed', call: 'c', batch: 0, attempt: 0, count: 2 };
const two = encodeInputs(['a', 'b']);
const large = encodeInputs(['x'.repeat(80_000)]);
const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
const nested = (depth: number): string => `{"function":"embed","inputs":[${'['.repeat(depth)}${']'.repeat(depth)}]}`;
async function* chunked(bytes: Uint8Array | string): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.from(bytes as string);
  for (let at = 0; at < buffer.length; at += 65_536) yield buffer.subarray(at, at + 65_536);
}

const LIMITS = { bodyBytes: 100_000, jsonBytes: 100_000, frameBytes: 90_000, batchInputs: 1000 };
const big = ['x'.repeat(150_000)];

const faults: readonly Fault[] = [
  {
    title: 'bytes that are not the protocol',
    status: 400,
    code: 'FRAME_INVALID',
    ask: { body: 'hello, is this the node?' },
  },
  { title: 'an empty body', status: 400, code: 'FRAME_INVALID', ask: { body: '' } },
  {
    title: 'a truncated body',
    status: 400,
    code: 'FRAME_INVALID',
    ask: (form) => ({ body: bodyOf({ url: '', form }).body.slice(0, -9) }),
  },
  {
    title: 'a body that ends between frames',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: encodeHead(head) },
  },
  {
    title: 'fewer inputs than announced',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead({ ...head, count: 3 }), two) },
  },
  {
    title: 'more inputs than announced',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead({ ...head, count: 1 }), two) },
  },
  {
    title: 'inputs before the head',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(two, encodeHead(head)) },
  },
  {
    title: 'a second head',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead(head), encodeHead(head), two) },
  },
  {
    title: 'a frame that only a node sends',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead(head), encodeEnd({ count: 0, failed: 0, milliseconds: 0 })) },
  },
  {
    title: 'an absurd count',
    status: 413,
    code: 'BODY_TOO_LARGE',
    only: 'frames',
    ask: { body: join(encodeHead({ ...head, count: 2 ** 52 }), two) },
  },
  {
    title: 'a block with an absurd count',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead(head), absurd(two)) },
  },
  {
    title: 'a frame longer than the limit',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'frames',
    ask: { body: join(encodeHead({ ...head, count: 1 }), encodeInputs(['x'.repeat(95_000)])) },
  },
  {
    title: 'more inputs than a batch may have',
    status: 413,
    code: 'BODY_TOO_LARGE',
    ask: { inputs: Array.from({ length: 1001 }, () => 'a') },
  },
  {
    title: 'a body with a length beyond the limit',
    status: 413,
    code: 'BODY_TOO_LARGE',
    ask: { inputs: big },
  },
  {
    title: 'a chunked body beyond the limit',
    status: 413,
    code: 'BODY_TOO_LARGE',
    ask: (form) => ({
      body: chunked(form === 'json' ? 'x'.repeat(150_000) : join(encodeHead({ ...head, count: 4 }), two, large, large)),
    }),
  },
  {
    title: 'text that is not JSON',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: '{"function":' },
  },
  {
    title: 'JSON that is not UTF-8',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: Buffer.from('{"function":"embed","inputs":["\xff"]}', 'latin1') },
  },
  {
    title: 'JSON nested very deep',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: nested(20_000) },
  },
  {
    title: 'a JSON key that reaches the prototype',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: '{"function":"embed","inputs":[{"__proto__":{"polluted":true}}]}' },
  },
  {
    title: 'options with a key that reaches the prototype',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: '{"function":"embed","inputs":["a"],"options":{"__proto__":{"dims":2}}}' },
  },
  {
    title: 'a field that a request has not',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: '{"function":"embed","inputs":["a"],"priority":1}' },
  },
  {
    title: 'inputs that are no array',
    status: 400,
    code: 'FRAME_INVALID',
    only: 'json',
    ask: { body: '{"function":"embed","inputs":{"length":3}}' },
  },
  {
    title: 'an unknown function',
    status: 404,
    code: 'FUNCTION_NOT_FOUND',
    ask: { function: 'embde' },
  },
  {
    title: 'a function named as a property of objects',
    status: 404,
    code: 'FUNCTION_NOT_FOUND',
    ask: { function: 'constructor' },
  },
  {
    title: 'inputs that are all of the wrong type',
    status: 400,
    code: 'INPUT_INVALID',
    ask: { inputs: [1, 2, 3] },
  },
  {
    title: 'an unknown option',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { options: { dimensions: 4 } },
  },
  {
    title: 'an option named as a property of objects',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { options: { constructor: 4 } },
  },
  {
    title: 'an option of the wrong type',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { options: { dims: '4' } },
  },
  {
    title: 'an option out of its domain',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { options: { dims: 9 } },
  },
  {
    title: 'a prompt that the model has not',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { options: { prompt: 'riddle' } },
  },
  {
    title: 'a missing option',
    status: 400,
    code: 'OPTION_INVALID',
    ask: { function: 'similarity', inputs: [['a', 1]] },
  },
  {
    title: 'an unknown collection',
    status: 404,
    code: 'COLLECTION_NOT_FOUND',
    ask: { function: 'topK', options: { collection: 'nowhere' } },
  },
  {
    title: 'vectors of other dims than the collection',
    status: 409,
    code: 'COLLECTION_MISMATCH',
    ask: {
      function: 'topK',
      inputs: [letters('a', 4), letters('b', 4)],
      options: { collection: 'full' },
    },
  },
  {
    title: 'items of other dims than the model',
    status: 409,
    code: 'COLLECTION_MISMATCH',
    ask: {
      function: 'upsert',
      inputs: [{ id: 1, vector: letters('a', 4) }],
      options: { collection: 'new' },
    },
  },
  {
    title: 'a foreign content type',
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
    ask: { headers: { 'content-type': 'text/plain' } },
  },
  {
    title: 'a content type that is none',
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
    ask: { headers: { 'content-type': '?' } },
  },
];

for (const form of FORMS) {
  for (const fault of faults) {
    if (fault.only && fault.only !== form) continue;
    test(`${fault.title} is refused with ${fault.status} ${fault.code}, over ${form}`, async (t) => {
      await using node = await startNode({ limits: LIMITS });
      await node.engine.collection('full').upsert([{ id: 1, text: 'a' }]);
      const given = typeof fault.ask === 'function' ? fault.ask(form) : fault.ask;
      const reply = await ask({ url: node.url, form, ...given });
      t.is(reply.status, fault.status);
      t.is(reply.code, fault.code);
      t.true((reply.message ?? '').length > 10);
      t.false('polluted' in {});

      const control = await ask({ url: node.url, form });
      t.is(control.status, 200, 'the node serves on');
    });
  }
}

test('more values in a frame than a batch may have inputs are refused before they are made', async (t) => {
  await using node = await startNode({ limits: LIMITS });
  const body = join(encodeHead(head), encodeInputs(Array.from({ length: 1001 }, () => 'a')));
  t.regex(
    (await ask({ url: node.url, form: 'frames', body })).message ?? '',
    /announces 2 inputs, but the frames hold 1001 or more/,
  );
});

test('a client that goes on sending what was refused is read for a while, and then cut off', async (t) => {
  await using node = await startNode({ limits: LIMITS });
  const socket = await open(node.url);
  const closed = once(socket, 'close').catch(() => {});
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(
    'POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n',
  );
  const chunk = Buffer.alloc(1024 * 1024);
  let sent = 0;
  while (!socket.destroyed && sent < 200) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    sent++;
  }
  t.true(sent < 200, `${sent} MiB`);
  t.regex(answer, /^HTTP\/1.1 413 [^]*BODY_TOO_LARGE/);
});

test('a connection whose request was refused serves the next', async (t) => {
  await using node = await startNode({ limits: LIMITS });
  const socket = await open(node.url);
  const headers = 'POST /v1/map HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  socket.write(`${headers}Content-Length: 150000\r\n\r\n${'x'.repeat(150_000)}`);
  const good = '{"function":"embed","inputs":["a"]}';
  socket.end(`${headers}Connection: close\r\nContent-Length: ${good.length}\r\n\r\n${good}`);
  t.regex(await readAll(socket), /^HTTP\/1.1 413 [^]*HTTP\/1.1 200 [^]*"failed":0/);
});

test('a refused upsert leaves no empty collection behind', async (t) => {
  await using node = await startNode();
  await ask({
    url: node.url,
    form: 'frames',
    function: 'upsert',
    inputs: [1],
    options: { collection: 'new' },
  });
  t.is(node.engine.collections().length, 0);
});

test('an unknown route, a wrong method and a broken path are 404 ROUTE_NOT_FOUND', async (t) => {
  await using node = await startNode();
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['GET', '/v1/map'],
    ['POST', '/v1/node'],
    ['GET', '/v1/collections/%zz'],
  ] as const) {
    const { statusCode, body } = await request(node.url + path, { method });
    t.is(statusCode, 404, path);
    t.like(await body.json(), { error: { code: 'ROUTE_NOT_FOUND' } });
  }
});

/** The same frame, with a block that claims 2^32 − 1 texts. */
function absurd(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  new DataView(copy.buffer).setUint32(12, 0xffff_ffff, true);
  return copy;
}
