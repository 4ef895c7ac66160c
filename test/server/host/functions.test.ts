import anyTest, { type TestFn } from 'ava';
import { request } from 'undici';
import type { InputError } from '../../../shard/errors.ts';
import { range, repeat, zip } from '../../../shard/iterables.ts';
import { ask } from '../fixtures/client.ts';
import * as tricks from './apps/tricks.ts';
import { type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const opened = openHouse();
test.beforeEach(async (t) => {
  t.timeout(60_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

test.serial('inputs become outputs, in order, in as many batches as it takes', async (t) => {
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.double).map(range(3_000)));
  t.deepEqual(outputs, [...range(0, 6_000, 2)]);
});

test.serial('several parameters take several iterables, of which the shortest ends the map, or tuples', async (t) => {
  const join = t.context.warp.function(tricks.join);
  t.deepEqual(await Array.fromAsync(join.map(['a', 'b'], repeat(2))), ['aa', 'bb']);
  t.deepEqual(await Array.fromAsync(join.starmap(zip(['a', 'b', 'c'], [1, 2]))), ['a', 'bb']);
  t.is(await join.remote('c', 3), 'ccc');
});

test.serial('forEach runs the function, and rejects with what fails', async (t) => {
  await t.context.warp.function(tricks.double).forEach([1, 2]);
  await t.throwsAsync(t.context.warp.function(tricks.fail).forEach([0, 1]), {
    name: 'InputError',
    code: 'FUNCTION_FAILED',
  });
});

test.serial('a handler that throws fails that input alone, and its stack comes back', async (t) => {
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.fail).map(range(5), { returnErrors: true }));
  t.deepEqual([outputs[0], outputs[2], outputs[3]], [0, 2, 3]);
  t.like(outputs[1], { name: 'InputError', code: 'FUNCTION_FAILED', index: 1, attempts: 1 });
  const { message, remoteStack } = outputs[4] as { message: string; remoteStack: string };
  t.true(message.endsWith('RangeError: 4 is out of range'));
  // It ends where the handler was called.
  t.regex(remoteStack, /^RangeError: 4 is out of range\n.*tricks\.ts:\d+:\d+\)?$/);
});

test.serial('a batched handler gets no more than its maximum, and one bad input fails alone', async (t) => {
  const texts = Array.from({ length: 40 }, (_, index) => (index === 21 ? 'poison' : `t${index}`));
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.shout).map(texts, { returnErrors: true }));
  for (const [index, output] of outputs.entries()) {
    if (index === 21) t.like(output, { index, code: 'FUNCTION_FAILED' });
    else t.is(output, `T${index} of few`);
  }
});

test.serial(
  'a batched handler of too few outputs is run on halves, and fails for the input that causes it',
  async (t) => {
    const texts = ['a', 'b', 'short', 'd', 'e'];
    const outputs = await Array.fromAsync(t.context.warp.function(tricks.short).map(texts, { returnErrors: true }));
    t.deepEqual([...outputs.slice(0, 2), ...outputs.slice(3)], ['a', 'b', 'd', 'e']);
    t.like(outputs[2], { index: 2, code: 'FUNCTION_FAILED' });
    t.regex((outputs[2] as Error).message, /Expected short to give an array of 1 outputs, got 0/);
  },
);

test.serial('an output that can not travel fails that input alone', async (t) => {
  const outputs = await Array.fromAsync(
    t.context.warp.function(tricks.unsendable).map(range(4), { returnErrors: true }),
  );
  t.deepEqual([outputs[0], outputs[2], outputs[3]], [0, 2, 3]);
  t.like(outputs[1], { index: 1, code: 'FUNCTION_FAILED' });
});

test.serial('an input that fails is tried again as often as the function grants, and knows how often', async (t) => {
  t.deepEqual(await Array.fromAsync(t.context.warp.function(tricks.flaky).map([0, 1])), [0, 2]);
  const never = t.context.warp.function(tricks.flaky).map([0, 1], { retries: { maxRetries: 1 } });
  await t.throwsAsync(Array.fromAsync(never), { name: 'InputError', message: /after 2 attempts: Error: not yet/ });
});

test.serial('a worker runs as many inputs at once as the function allows, and no more', async (t) => {
  const seen = await Array.fromAsync(t.context.warp.function(tricks.together).map(range(30)));
  t.is(Math.max(...seen), 3);
});

test.serial('under backlog there are as many workers as the function allows', async (t) => {
  const batches = { initialBatchSize: 1, maxBatchSize: 1 };
  const pids = await Array.fromAsync(t.context.warp.function(tricks.pid).map(range(60), batches));
  t.is(new Set(pids).size, 2);
});

test.serial('what a handler logs goes to the log of the node, with the run that it is of', async (t) => {
  const { warp, journal } = t.context;
  t.deepEqual(await Array.fromAsync(warp.function(tricks.say).map(['x', 'y'])), [0, 0]);
  t.like(await journal.says('I say y'), { app: 'tricks', function: 'say', batch: 0, index: 1 });
  const logged = await journal.first(({ msg, text }) => msg === 'logged' && text === 'x');
  t.like(logged, { app: 'tricks', function: 'say', batch: 0, index: 0 });
  t.is(typeof logged['call'], 'string');
});

test.serial('a handler has texts embedded by the model of its node', async (t) => {
  const [output] = await Array.fromAsync(t.context.warp.function(tricks.embedded).map(['abc']));
  const { data } = await t.context.warp.embed(['abc']);
  t.deepEqual(output, { dims: 8, data });
});

test.serial('by its name a function takes one argument an input, or arrays of them with spread', async (t) => {
  const { url } = t.context;
  const one = await ask({ url, form: 'json', function: 'tricks/double', inputs: [4] });
  t.deepEqual(one.outputs, [8]);
  const spread = { url, form: 'json', function: 'tricks/join', options: { spread: true } } as const;
  t.deepEqual((await ask({ ...spread, inputs: [['a', 2]] })).outputs, ['aa']);
  t.like(await ask({ ...spread, inputs: ['a'] }), { status: 400, code: 'INPUT_INVALID' });
  const unknown = { url, form: 'json', function: 'tricks/double', inputs: [1], options: { spred: true } } as const;
  t.like(await ask(unknown), { status: 400, code: 'OPTION_INVALID' });
  t.like(await ask({ url, form: 'json', function: 'tricks/none', inputs: [1] }), { code: 'FUNCTION_NOT_FOUND' });
});

test.serial('the node names the functions of its app, and counts what they do', async (t) => {
  const [node] = await t.context.warp.nodes();
  t.true(node?.reachable === true && node.functions.includes('tricks/double') && node.functions.includes('embed'));
  const { body } = await request(`${t.context.url}/metrics`);
  t.regex(await body.text(), /warpmap_failures_total\{function="tricks\/fail",code="FUNCTION_FAILED"\} \d/);
});

test.serial(
  'an input that does not fit its schema fails alone, before the handler, and is not tried again',
  async (t) => {
    const people = [{ age: '3' }, { age: 'x' }, { age: 4 }];
    const options = { returnErrors: true, retries: { maxRetries: 3, initialDelay: 1 } } as const;
    const [first, second, third] = await Array.fromAsync(t.context.warp.function(tricks.age).map(people, options));
    t.deepEqual([first, third], [4, 5]);
    t.like(second, { name: 'InputError', code: 'INPUT_INVALID', index: 1, attempts: 1 });
    const { details, message } = second as InputError;
    t.like(details, { issues: [{ path: ['age'] }] });
    t.regex(message, /The input does not fit its schema: age: /);
  },
);

test.serial('in a batched function the inputs that fit go together, also if the schema is asynchronous', async (t) => {
  const options = { returnErrors: true, initialBatchSize: 6 } as const;
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.ages).map([-1, 1, 2, -3, 4, 5], options));
  t.deepEqual([outputs[1], outputs[2], outputs[4], outputs[5]], ['1 of 4', '2 of 4', '4 of 4', '5 of 4']);
  t.like(outputs[0], { code: 'INPUT_INVALID', details: { issues: [{ message: 'must not be negative', path: [] }] } });
  t.like(outputs[3], { code: 'INPUT_INVALID', index: 3 });
});

test.serial('the functions of a class share a worker, and the state that it made once', async (t) => {
  const { warp } = t.context;
  const counts = await Array.fromAsync(warp.function(tricks.counts).map([1, 1, 1, 1, 1, 1]));
  const one = await warp.function(tricks.count).remote(1);
  t.deepEqual(new Set([...counts, one].map(({ entered, pid }) => `${entered} ${pid}`)).size, 1);
  t.deepEqual(
    counts.map(({ runs }) => runs),
    [1, 2, 3, 4, 5, 6],
  );
  const { url } = t.context;
  t.like(await ask({ url, form: 'json', function: 'tricks/Counter.count', inputs: [1] }), { outputs: [one] });
});

test.serial('each function of a class has its own timeout', async (t) => {
  const slow = t.context.warp.function(tricks.slow);
  const [quick, late] = await Array.fromAsync(slow.map([1, 60_000], { returnErrors: true }));
  t.is(quick, 1);
  t.like(late, { code: 'TIMEOUT' });
});

test.serial('a class whose state can not be made is unavailable, and it is said why', async (t) => {
  const { url } = t.context;
  const answer = await ask({ url, form: 'json', function: 'tricks/Broken.useless', inputs: [1] });
  t.like(answer, { status: 503, code: 'WORKER_UNAVAILABLE' });
  t.regex(answer.message!, /The state of Broken could not be made: RangeError: no such model\n.*tricks\.ts:\d+/);
});

test.serial('a handler asks the collections of its node, whose errors keep their codes', async (t) => {
  const found = await Array.fromAsync(
    t.context.warp.function(tricks.search).map(['abc', 'xyz'], { initialBatchSize: 2 }),
  );
  const [first, second] = found;
  t.like(first, { empty: 0, size: 2, missing: 'ID_NOT_FOUND', nowhere: 'COLLECTION_NOT_FOUND', batch: 0, index: 0 });
  t.is(first?.best?.id, 0);
  t.deepEqual(
    second?.many.map(({ id }) => id),
    [1, 0],
  );
  for (const { score } of found) t.true(Math.abs(score - 1) < 1e-6);
  t.is(await t.context.warp.collection('letters').size(), 2);
});

test.serial('an error of the engine that a handler lets pass is the handler’s, and its code is told', async (t) => {
  const [failed] = await Array.fromAsync(t.context.warp.function(tricks.misasked).map([1], { returnErrors: true }));
  t.like(failed, { code: 'FUNCTION_FAILED', details: { name: 'CoreError', code: 'INPUT_INVALID' } });
});

test.serial('a handler logs at the level that it chooses', async (t) => {
  const { warp, journal } = t.context;
  await warp.function(tricks.levels).forEach(['one']);
  t.like(await journal.says('one warn'), { level: 40, function: 'levels', index: 0, name: 'one' });
  t.like(await journal.says('one error'), { level: 50 });
  t.like(await journal.says('one console.error'), { level: 50, function: 'levels', index: 0 });
});

test.serial('what is logged while others run beside it is tagged with its own input', async (t) => {
  const { warp, journal } = t.context;
  const texts = Array.from({ length: 24 }, (_, index) => `beside ${index}`);
  await warp.function(tricks.say).forEach(texts, { initialBatchSize: 8, maxBatchSize: 8 });
  for (const [index, text] of texts.entries()) {
    const batch = Math.floor(index / 8);
    t.like(await journal.says(`I say ${text}`), { batch, index });
    t.like(await journal.first((entry) => entry['msg'] === 'logged' && entry['text'] === text), { batch, index });
  }
});

test.serial('a handler is told where in the map its input is, also of one that is tried again', async (t) => {
  const names = Array.from({ length: 50 }, (_, index) => (index % 7 === 3 ? `later ${index}` : `${index}`));
  const options = { initialBatchSize: 20, maxBatchSize: 20, retries: { maxRetries: 1, initialDelay: 1 } };
  t.deepEqual(await Array.fromAsync(t.context.warp.function(tricks.place).map(names, options)), [...range(50)]);
});

test.serial('so it is when a map is run again by its key, of what was missing', async (t) => {
  const names = Array.from({ length: 50 }, (_, index) => (index % 9 === 4 ? `later still ${index}` : `${index}`));
  const options = { key: 'places', returnErrors: true, initialBatchSize: 20, maxBatchSize: 20 } as const;
  const before = await Array.fromAsync(t.context.warp.function(tricks.place).map(names, options));
  t.is(before.filter((output) => typeof output !== 'number').length, 6);
  t.deepEqual(await Array.fromAsync(t.context.warp.function(tricks.place).map(names, options)), [...range(50)]);
});

test.serial(
  'a connection tells what a function does on all nodes and on each, and changes how many workers it has',
  async (t) => {
    const { warp, url } = t.context;
    const double = warp.function(tricks.double);
    await double.forEach([1]);
    const stats = await double.stats();
    t.like(stats, {
      workers: 1,
      starting: 0,
      running: 0,
      waiting: 0,
      crashes: 0,
      nodes: [{ url, reachable: true, workers: 1 }],
    });
    await double.updateAutoscaler({ maxWorkers: 3, minWorkers: 2 });
    await t.context.host.warm();
    t.is((await warp.function('tricks/double').stats()).workers, 2);
    await t.throwsAsync(double.updateAutoscaler({ minWorkers: 4 }), { name: 'NodeError', code: 'OPTION_INVALID' });
    await t.throwsAsync(double.updateAutoscaler({ timeout: 4 } as never), { code: 'OPTION_INVALID' });
    await t.throwsAsync(warp.function('tricks/none').stats(), { code: 'FUNCTION_NOT_FOUND' });
    await t.throwsAsync(warp.function('embed').stats(), { code: 'OPTION_INVALID' });
  },
);

test.serial('a class that takes too long to make its state is unavailable, and its worker is ended', async (t) => {
  const answer = await ask({ url: t.context.url, form: 'json', function: 'tricks/Hung.stillborn', inputs: [1] });
  t.like(answer, { status: 503, code: 'WORKER_UNAVAILABLE' });
  t.regex(answer.message!, /The state of Hung could not be made: it took longer than startupTimeout allows/);
});
