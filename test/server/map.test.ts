import { setImmediate as breathe } from 'node:timers/promises';
import test from 'ava';
import { letters } from './fixtures/engine.ts';
import { ask, FORMS, type FormName } from './fixtures/client.ts';
import { startNode } from './fixtures/node.ts';

const numbers = (value: unknown): number[] => Array.from(value as ArrayLike<number>);

for (const form of FORMS) {
  test(`embed gives each text its vector, over ${form}`, async (t) => {
    await using node = await startNode();
    const inputs = Array.from({ length: 700 }, (_, index) => `text ${index}`);
    const reply = await ask({ url: node.url, form, inputs });
    t.is(reply.status, 200);
    t.deepEqual(
      reply.outputs.map(numbers),
      inputs.map((text) => numbers(letters(text))),
    );
    t.like(reply.end, { count: 700, failed: 0 });
    t.true(node.engine.runs.length > 1, 'the batch is run in parts, so that its first outputs leave early');
  });

  test(`embed takes the options prompt and dims, over ${form}`, async (t) => {
    await using node = await startNode();
    const options = { prompt: 'query', dims: 4 };
    const reply = await ask({ url: node.url, form, inputs: ['a'], options });
    t.deepEqual(numbers(reply.outputs[0]), numbers(letters('querya', 4)));
  });

  test(`an input of the wrong type fails alone, over ${form}`, async (t) => {
    await using node = await startNode();
    const reply = await ask({ url: node.url, form, inputs: ['a', 5, 'b', null, ['c'], 'd'] });
    t.is(reply.status, 200);
    t.deepEqual(reply.failures, [
      { index: 1, code: 'INPUT_INVALID' },
      { index: 3, code: 'INPUT_INVALID' },
      { index: 4, code: 'INPUT_INVALID' },
    ]);
    for (const [index, text] of [
      [0, 'a'],
      [2, 'b'],
      [5, 'd'],
    ] as const) {
      t.deepEqual(numbers(reply.outputs[index]), numbers(letters(text)));
    }
    t.like(reply.end, { count: 6, failed: 3 });
  });

  test(`a batch of no inputs ends at once, over ${form}`, async (t) => {
    await using node = await startNode();
    const reply = await ask({ url: node.url, form, inputs: [] });
    t.deepEqual(reply.outputs, []);
    t.like(reply.end, { count: 0, failed: 0 });
  });

  test(`what is upserted can be scored and searched, over ${form}`, async (t) => {
    await using node = await startNode();
    const run = (name: string, inputs: unknown[], options = {}) =>
      ask({
        url: node.url,
        form,
        function: name,
        inputs,
        options: { collection: 'c', ...options },
      });
    const items = [
      { id: 'cats', text: 'cat cat' },
      { id: 7, text: 'zoology' },
      { id: 'v', vector: letters('quick') },
    ];
    const upserted = await run('upsert', items);
    t.deepEqual(upserted.outputs, ['cats', 7, 'v']);

    const scored = await run('similarity', [
      ['cat cat', 'cats'],
      [letters('quick'), 'v'],
      ['cat', 7],
    ]);
    t.deepEqual(
      scored.outputs.map((pair) => (pair as [unknown, number])[0]),
      ['cats', 'v', 7],
    );
    const scores = scored.outputs.map((pair) => (pair as [unknown, number])[1]);
    t.true(Math.abs(scores[0]! - 1) < 1e-6 && Math.abs(scores[1]! - 1) < 1e-6 && scores[2]! < 0.999);

    const found = await run('topK', ['quick', letters('zoology')], { k: 1 });
    const best = found.outputs.map((matches) => (matches as { id: unknown }[]).map(({ id }) => id));
    t.deepEqual(best, [['v'], [7]]);
  });

  test(`a pair whose id is unknown fails alone, over ${form}`, async (t) => {
    await using node = await startNode();
    await node.engine.collection('c').upsert([{ id: 1, text: 'a' }]);
    const inputs = [['a', 1], ['a', 'nobody'], ['a'], ['b', 1], [{}, 1], ['a', {}]];
    const reply = await ask({
      url: node.url,
      form,
      function: 'similarity',
      inputs,
      options: { collection: 'c' },
    });
    t.deepEqual(reply.failures, [
      { index: 1, code: 'ID_NOT_FOUND' },
      { index: 2, code: 'INPUT_INVALID' },
      { index: 4, code: 'INPUT_INVALID' },
      { index: 5, code: 'INPUT_INVALID' },
    ]);
    t.truthy(reply.outputs[0]);
    t.truthy(reply.outputs[3]);
  });

  test(`items that are wrong fail alone and the others are stored, over ${form}`, async (t) => {
    await using node = await startNode();
    const inputs = [
      { id: 1, text: 'a' },
      { id: 2 },
      { id: 3, text: 'a', vector: letters('a') },
      { id: 4, text: 4 },
      { id: 5, text: 'a', colour: 'red' },
      { text: 'a' },
      { id: 7, vector: ['x'] },
      { id: 8, vector: [1, 2, 3] },
      'nine',
      { id: 10, text: 'b' },
    ];
    const reply = await ask({
      url: node.url,
      form,
      function: 'upsert',
      inputs,
      options: { collection: 'c' },
    });
    t.deepEqual(
      reply.failures.map(({ index }) => index),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.is(reply.failures[6]?.code, 'COLLECTION_MISMATCH');
    t.is(node.engine.existingCollection('c').size, 2);
  });

  test(`a device that is lost once outputs have left ends the stream with an error, over ${form}`, async (t) => {
    await using node = await startNode();
    const inputs = Array.from({ length: 1000 }, () => 'a');
    inputs[900] = 'lose the device';
    const reply = await ask({ url: node.url, form, inputs });
    t.is(reply.status, 200);
    t.is(reply.code, 'DEVICE_LOST');
    t.is(reply.end, undefined);
  });

  test(`two hundred requests at once are all answered rightly, over ${form}`, async (t) => {
    await using node = await startNode();
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    const replies = await Promise.all(texts.map((text) => ask({ url: node.url, form, inputs: [text, text] })));
    for (const [index, reply] of replies.entries()) {
      t.deepEqual(numbers(reply.outputs[1]), numbers(letters(texts[index]!)));
    }
  });
}

test('an output of the frames arrives bit for bit', async (t) => {
  await using node = await startNode();
  const reply = await ask({ url: node.url, form: 'frames', inputs: ['abc'] });
  t.deepEqual(reply.outputs[0], letters('abc'));
});

test('a user function that throws for one input fails for that input alone', async (t) => {
  const shout = {
    name: 'shout',
    sequential: false,
    bind: () => ({
      accept: String,
      run: async (texts: readonly unknown[]) => {
        if (texts.includes('poison')) throw new TypeError('no shouting of poison');
        return { kind: 'values', values: texts.map((text) => `${text}!`) } as const;
      },
    }),
  };
  await using node = await startNode({ functions: [shout] });
  const inputs = Array.from({ length: 300 }, (_, index) => (index % 100 === 42 ? 'poison' : `${index}`));
  for (const form of ['frames', 'json'] as FormName[]) {
    const reply = await ask({ url: node.url, form, function: 'shout', inputs });
    t.deepEqual(
      reply.failures,
      [42, 142, 242].map((index) => ({ index, code: 'FUNCTION_FAILED' })),
    );
    t.is(reply.outputs[43], '43!');
    t.is(reply.outputs.filter((output) => output !== undefined).length, 297);
  }
});

test('a function that gives too few outputs fails the batch instead of shifting the rest', async (t) => {
  const forgetful = {
    name: 'forgetful',
    sequential: false,
    bind: () => ({ accept: String, run: async () => ({ kind: 'values', values: [1] }) as const }),
  };
  await using node = await startNode({ functions: [forgetful] });
  const reply = await ask({
    url: node.url,
    form: 'frames',
    function: 'forgetful',
    inputs: ['a', 'b'],
  });
  t.is(reply.status, 500);
  t.is(reply.code, 'FUNCTION_FAILED');
});

test('of two items with one id in a batch the later stays, however long the earlier takes', async (t) => {
  await using node = await startNode();
  const { arrived, release } = node.engine.hold();
  const inputs = Array.from({ length: 300 }, (_, index) => ({ id: index % 299, text: `text ${index}` }));
  const running = ask({ url: node.url, form: 'frames', function: 'upsert', inputs, options: { collection: 'c' } });
  await arrived;
  await breathe();
  t.is(node.engine.runs.length, 1, 'the second part waits for the first');
  release();
  t.is((await running).outputs.length, 300);
  const [score] = await node.engine.existingCollection('c').score(['text 299'], [0]);
  t.true(Math.abs(score! - 1) < 1e-6);
});
