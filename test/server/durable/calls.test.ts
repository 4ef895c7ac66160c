import { randomUUID } from 'node:crypto';
import test from 'ava';
import { CHUNKS_MEDIA_TYPE, encodeChunks } from '../../../shard/call/frames.ts';
import { openHouse } from '../host/harness.ts';
import { ask, Caller, chunksOf, type Reply } from './caller.ts';
import { keepingNode } from './node.ts';
import { aborted, working } from './stage.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const doubles = () => working(({ input }) => (input as number) * 2);
const FIRST = '00000000-0000-4000-8000-000000000000';

const begin = (url: string, body: object): Promise<Reply> =>
  ask(url, 'POST', 'calls', { id: randomUUID(), function: 'work', ...body });

test('each input of a call gets its output, at its position, and is run once', async (t) => {
  const work = doubles();
  await using node = await keepingNode({ functions: [work] });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(100) });
  const ended = await call.ended();
  t.like(ended, { state: 'done', counts: { inputs: 100, done: 100, pending: 0, running: 0, failed: 0 }, rate: 0 });
  t.is(ended.expires, ended.finished! + 7 * 24 * 60 * 60 * 1000);
  t.deepEqual(
    await call.outcomes(),
    range(100).map((value) => value * 2),
  );
  t.is(
    work.runs.reduce((sum, { inputs }) => sum + inputs.length, 0),
    100,
  );
});

test('built-in functions can be spawned as well', async (t) => {
  await using node = await keepingNode();
  const call = await Caller.spawn(node.url, { function: 'embed', inputs: ['a', 7, 'b'] });
  t.like((await call.ended()).counts, { done: 2, failed: 1 });
  const [first, second, third] = await call.outcomes();
  t.true(first instanceof Float32Array && third instanceof Float32Array);
  t.like(second, { code: 'INPUT_INVALID', input: '7' });
});

test('a node goes on with what an earlier one has left, without being asked', async (t) => {
  const work = working(({ signal }) => aborted(signal));
  await using keeper = await keepingNode({ functions: [work] });
  const { id } = await Caller.spawn(keeper.url, { function: 'work', inputs: range(10) });
  while (work.runs.length === 0) await new Promise((resolve) => void setImmediate(resolve));
  await keeper.server[Symbol.asyncDispose]();
  await using next = await keepingNode({ functions: [doubles()], data: keeper.data });
  t.like((await new Caller(next.url, id).ended()).counts, { done: 10 });
});

test('a call can be begun, filled and sealed twice, and is one', async (t) => {
  await using node = await keepingNode({ functions: [doubles()] });
  const body = { id: FIRST, function: 'work', key: 'nightly' };
  t.deepEqual(await ask(node.url, 'POST', 'calls', body), { status: 201, json: { id: FIRST, created: true } });
  t.deepEqual(await ask(node.url, 'POST', 'calls', body), { status: 200, json: { id: FIRST, created: false } });
  const again = await begin(node.url, { key: 'nightly' });
  t.deepEqual(again, { status: 200, json: { id: FIRST, created: false } });
  const call = new Caller(node.url, FIRST);
  for (let time = 0; time < 2; time++) {
    t.is((await call.bring(chunksOf(range(20), 8))).status, 204);
    t.is((await ask(node.url, 'POST', `calls/${FIRST}/seal`, { chunks: 3, inputs: 20 })).status, 204);
  }
  t.like((await call.ended()).counts, { inputs: 20, done: 20 });
});

const refused = test.macro({
  title: (what) => `${what} is refused, and nothing is stored`,
  async exec(t, body: object, status: number, code: string, message: RegExp) {
    await using node = await keepingNode({ functions: [doubles()] });
    const { status: got, json } = await begin(node.url, body);
    t.is(got, status);
    t.like(json, { error: { code } });
    t.regex((json as { error: { message: string } }).error.message, message);
    t.deepEqual((await ask(node.url, 'GET', 'calls')).json, { calls: [] });
  },
});

test(
  'a call of a function that there is not',
  refused,
  { function: 'nothing' },
  404,
  'FUNCTION_NOT_FOUND',
  /it has work/,
);
test('a call without a function', refused, { function: undefined }, 400, 'OPTION_INVALID', /function to be a text/);
test('an id that is no UUID', refused, { id: '../1' }, 400, 'OPTION_INVALID', /a UUID in lower case, got "\.\.\/1"/);
test(
  'a key that is too long',
  refused,
  { key: 'k'.repeat(129) },
  400,
  'OPTION_INVALID',
  /key to be a text of 1 to 128/,
);
test('options that are a list', refused, { options: [] }, 400, 'OPTION_INVALID', /options to be an object/);
test('a policy out of its domain', refused, { retries: { jitter: 2 } }, 400, 'OPTION_INVALID', /retries\.jitter/);
test('a version that is no number', refused, { version: 'x' }, 400, 'OPTION_INVALID', /a whole number from 1 up/);
test('a misspelt field', refused, { retry: {} }, 400, 'OPTION_INVALID', /Unknown option retry of a call/);
test('options that are too large', refused, { options: { a: 'a'.repeat(300_000) } }, 413, 'BODY_TOO_LARGE', /262144/);

test('options that the function does not know are refused before anything is stored', async (t) => {
  await using node = await keepingNode();
  t.like(await begin(node.url, { function: 'embed', options: { prmpt: 'query' } }), { status: 400 });
  const missing = { function: 'similarity', options: { collection: 'none' } };
  t.like(await begin(node.url, missing), { status: 404, json: { error: { code: 'COLLECTION_NOT_FOUND' } } });
  t.deepEqual((await ask(node.url, 'GET', 'calls')).json, { calls: [] });
});

test('chunks that are none, too many bytes, or of a call that takes none, are refused', async (t) => {
  await using node = await keepingNode({ functions: [doubles()], limits: { bodyBytes: 2_000 } });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(8) });
  const type = { 'content-type': CHUNKS_MEDIA_TYPE };
  const path = `calls/${call.id}/chunks`;
  const send = (body: Uint8Array, headers: Record<string, string> = type): Promise<Reply> =>
    ask(node.url, 'POST', path, body, headers);
  const more = encodeChunks(chunksOf(range(8), 8, 1)).joined();
  t.like(await send(more), { status: 409, json: { error: { code: 'CALL_SEALED' } } });
  t.like(await send(more.subarray(1)), { status: 400, json: { error: { code: 'FRAME_INVALID' } } });
  t.like(await send(more, {}), { status: 415, json: { error: { code: 'MEDIA_TYPE_UNSUPPORTED' } } });
  const large = encodeChunks(chunksOf(range(1_000), 1_000, 1)).joined();
  t.like(await send(large), { status: 413, json: { error: { code: 'BODY_TOO_LARGE' } } });
});

test('a call is not sealed with other chunks than it has', async (t) => {
  await using node = await keepingNode({ functions: [doubles()] });
  const id = randomUUID();
  await begin(node.url, { id });
  await new Caller(node.url, id).bring(chunksOf(range(8), 8));
  for (const whole of [
    { chunks: 2, inputs: 8 },
    { chunks: 1, inputs: 9 },
  ]) {
    const sealed = await ask(node.url, 'POST', `calls/${id}/seal`, whole);
    t.like(sealed, { status: 409, json: { error: { code: 'CALL_INCOMPLETE' } } });
  }
  t.like(await ask(node.url, 'POST', `calls/${id}/seal`, { chunks: 1 }), { status: 400 });
});

test('what is asked of a call that there is not is CALL_UNKNOWN, also of what could be no id', async (t) => {
  await using node = await keepingNode({ functions: [doubles()] });
  for (const id of [randomUUID(), 'x', "'; DROP TABLE calls; --"]) {
    const of = `calls/${encodeURIComponent(id)}`;
    for (const [method, path] of [
      ['GET', of],
      ['GET', `${of}/outcomes?from=0`],
      ['GET', `${of}/logs`],
      ['POST', `${of}/cancel`],
      ['POST', `${of}/retry`],
    ] as const) {
      t.like(await ask(node.url, method, path), { status: 404, json: { error: { code: 'CALL_UNKNOWN' } } }, path);
    }
    t.is((await ask(node.url, 'POST', `${of}/forget`)).status, 204);
  }
});

test('parameters out of their domain, or that there are not, are refused', async (t) => {
  await using node = await keepingNode({ functions: [doubles()] });
  const { id } = await Caller.spawn(node.url, { function: 'work', inputs: range(1) });
  for (const path of [
    'calls?state=lost',
    'calls?limit=0',
    'calls?limit=1001',
    'calls?before=x',
    'calls?function=a&function=b',
    'calls?stat=done',
    `calls/${id}?wait=60001`,
    `calls/${id}?wait=-1`,
    `calls/${id}/outcomes`,
    `calls/${id}/outcomes?from=0&after=0`,
    `calls/${id}/outcomes?from=0&limit=65537`,
    `calls/${id}/outcomes?from=0&failed=yes`,
    `calls/${id}/logs?after=1.5`,
  ]) {
    t.like(await ask(node.url, 'GET', path), { status: 400, json: { error: { code: 'OPTION_INVALID' } } }, path);
  }
});

test('outcomes are told page by page: in order, as they come, or only those that failed', async (t) => {
  await using node = await keepingNode({
    functions: [
      working(({ input }) => {
        if ((input as number) % 10 === 3) throw new Error('it ends in 3');
        return input;
      }),
    ],
  });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(50) });
  await call.ended();
  for (const order of ['from', 'after']) {
    const seen: number[] = [];
    let [next, end] = [0, false];
    while (!end) {
      const page = await call.page(`${order}=${next}&limit=10`);
      for (const outcome of page.outcomes) seen.push(outcome.kind === 'failure' ? 1 : outcome.count);
      ({ next, end } = page);
    }
    t.is(
      seen.reduce((sum, count) => sum + count),
      50,
      order,
    );
  }
  const { outcomes, end } = await call.page('from=0&failed=true&limit=1000');
  t.deepEqual(
    outcomes.map(({ first, kind }) => [first, kind]),
    [3, 13, 23, 33, 43].map((at) => [at, 'failure']),
  );
  t.true(end);
});

test('who waits for a call is told as soon as something happens, and not much later than asked', async (t) => {
  const gate = Promise.withResolvers<void>();
  await using node = await keepingNode({ functions: [working(({ input }) => gate.promise.then(() => input))] });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(4) });
  t.like(await call.page('from=0&wait=50'), { outcomes: [], end: false });
  t.like(await call.status(50), { state: 'sealed' });
  const page = call.page('from=0&wait=30000');
  const status = call.status(30_000);
  gate.resolve();
  t.is((await page).outcomes.length, 1);
  t.is((await status).state, 'done');
});

test('a node that drains answers those who wait', async (t) => {
  const work = working(({ signal }) => aborted(signal));
  await using node = await keepingNode({ functions: [work] });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(4) });
  while (work.runs.length === 0) await new Promise((resolve) => void setImmediate(resolve));
  const waiting = call.status(60_000);
  await node.server.drain(1);
  t.like(await waiting, { state: 'sealed', counts: { done: 0 } });
  t.like(await begin(node.url, {}), { status: 503, json: { error: { code: 'NODE_DRAINING' } } });
});

test('a call is cancelled, run again, and forgotten', async (t) => {
  let broken = true;
  const work = working(({ input, signal }) => (broken ? aborted(signal) : input));
  await using node = await keepingNode({ functions: [work] });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(20), size: 20 });
  while (work.runs.length === 0) await new Promise((resolve) => void setImmediate(resolve));
  t.is((await call.post('cancel')).status, 204);
  t.like(await call.ended(), { state: 'cancelled', counts: { cancelled: 20, running: 0 } });
  broken = false;
  t.deepEqual((await call.post('retry')).json, { retried: 20 });
  t.like(await call.ended(), { state: 'done', counts: { done: 20, cancelled: 0 } });
  t.is((await call.post('forget')).status, 204);
  t.like(await ask(node.url, 'GET', `calls/${call.id}`), { status: 404 });
});

test('failures are run again when asked, as if for the first time', async (t) => {
  let broken = true;
  const work = working(({ input }) => {
    if (broken && input === 3) throw new Error('broken');
    return input;
  });
  await using node = await keepingNode({ functions: [work] });
  const call = await Caller.spawn(node.url, { function: 'work', inputs: range(8) });
  t.like((await call.ended()).counts, { done: 7, failed: 1 });
  broken = false;
  t.deepEqual((await call.post('retry')).json, { retried: 1 });
  t.like((await call.ended()).counts, { done: 8, failed: 0 });
  t.deepEqual(work.runs.at(-1), { inputs: [3], failures: 0, positions: [3] });
});

test('calls are listed newest first, by state and function', async (t) => {
  await using node = await keepingNode({ functions: [doubles(), { ...doubles(), name: 'app/other' }] });
  const one = await Caller.spawn(node.url, { function: 'work', inputs: range(1) });
  const other = await Caller.spawn(node.url, { function: 'app/other', inputs: range(1) });
  await Promise.all([one.ended(), other.ended()]);
  const open = randomUUID();
  await begin(node.url, { id: open });
  const ids = async (query: string): Promise<string[]> => {
    const { json } = await ask(node.url, 'GET', `calls${query}`);
    return (json as { calls: { id: string }[] }).calls.map(({ id }) => id);
  };
  t.deepEqual((await ids('')).toSorted(), [one.id, other.id, open].toSorted());
  t.deepEqual(await ids('?state=open'), [open]);
  t.deepEqual(await ids('?function=app/'), [other.id]);
  t.is((await ids('?limit=1')).length, 1);
});

test('the backlog tells what waits and what runs, for those who scale nodes', async (t) => {
  const work = working(({ signal }) => aborted(signal));
  await using node = await keepingNode({ functions: [work] });
  t.deepEqual((await ask(node.url, 'GET', 'backlog')).json, { pending: 0, running: 0, functions: [] });
  await Caller.spawn(node.url, { function: 'work', inputs: range(3_000), size: 1_000 });
  while (work.runs.length === 0) await new Promise((resolve) => void setImmediate(resolve));
  const { json } = await ask(node.url, 'GET', 'backlog');
  t.deepEqual(json, {
    pending: 2_000,
    running: 1_000,
    functions: [{ function: 'work', pending: 2_000, running: 1_000 }],
  });
});

test('a node without a place for calls says so, and what to do', async (t) => {
  const { startNode } = await import('../fixtures/node.ts');
  await using node = await startNode({ functions: [doubles()] });
  const { status, json } = await begin(node.url, {});
  t.is(status, 503);
  t.like(json, { error: { code: 'STORE_UNAVAILABLE' } });
  t.regex((json as { error: { message: string } }).error.message, /give it --data or --store/);
});

test('what a handler writes is in the log of its call, by its position', async (t) => {
  await using house = await openHouse();
  const call = await Caller.spawn(house.url, { function: 'tricks/say', inputs: ['a', 'b'] });
  await call.ended();
  const seen: string[] = [];
  for (let after = 0; seen.length < 4;) {
    const { lines, next } = await call.logs(after, 30_000);
    for (const { index, level, message, fields } of lines) {
      seen.push(`${index} ${level} ${message}${fields ? JSON.stringify(fields) : ''}`);
    }
    after = next;
  }
  t.deepEqual(
    new Set(seen),
    new Set(['0 info I say a', '0 info logged{"text":"a"}', '1 info I say b', '1 info logged{"text":"b"}']),
  );
});
