import test from 'ava';
import { z } from 'zod';
import { App } from '../../../sdk/app/app.ts';
import { definitionOf } from '../../../shard/app/definition.ts';

test('local makes the state once, for all functions of the class, and disposing puts it away', async (t) => {
  const said: string[] = [];
  const model = new App('a').cls('Model', {
    enter: async () => {
      said.push('enter');
      return { factor: 2 };
    },
    exit: ({ factor }) => said.push(`exit ${factor}`),
  });
  const scale = model.method('scale', (state, value: number) => value * state.factor);
  const scaleAll = model.batched('scaleAll', {}, (state, values: number[]) =>
    values.map((value) => value * state.factor),
  );
  t.deepEqual(await Promise.all([scale.local(3), scaleAll.local(4), scale.local(5)]), [6, 8, 10]);
  await model[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
  t.deepEqual(said, ['enter', 'exit 2']);
});

test('a state that could not be made is made anew the next time', async (t) => {
  let tries = 0;
  const model = new App('a').cls('Model', {
    enter() {
      if (++tries === 1) throw new Error('not yet');
      return tries;
    },
  });
  const which = model.method('which', (state) => state);
  await t.throwsAsync(which.local(), { message: 'not yet' });
  t.is(await which.local(), 2);
});

test('a class tells those who run it which functions share its workers, and what these are', (t) => {
  const app = new App('a');
  const model = app.cls('Model', { concurrency: 2, gpu: 'h100' }, { enter: () => 1 });
  model.method('one', { timeout: 5 }, (state, value: number) => state + value);
  model.batched('two', { maxBatchSize: 9 }, (_, values: number[]) => values);
  app.function('Model2', () => 1);
  const { functions, classes } = definitionOf(app)!;
  t.deepEqual([...classes.keys()], ['Model']);
  t.deepEqual(
    Array.from(functions.values(), ({ name, workers }) => [name, workers]),
    [
      ['Model.one', 'Model'],
      ['Model.two', 'Model'],
      ['Model2', 'Model2'],
    ],
  );
  t.like(functions.get('Model.one')?.options, { concurrency: 2, gpu: ['h100'], timeout: 5, maxBatchSize: undefined });
  t.like(functions.get('Model.two')?.options, { concurrency: 2, gpu: ['h100'], timeout: undefined, maxBatchSize: 9 });
});

test('what is wrong with a class is refused', (t) => {
  const app = new App('a');
  const model = app.cls('Model', { enter: () => 1 });
  const refused = { code: 'OPTION_INVALID' } as const;
  t.throws(() => app.cls('Model', { enter: () => 1 }), { ...refused, message: /has a function Model already/ });
  t.throws(() => app.function('Model', () => 1), refused);
  t.throws(() => app.cls('1', { enter: () => 1 }), refused);
  t.throws(() => app.cls('B', { enter: 1 as never }), { ...refused, message: /Expected enter of B/ });
  t.throws(() => app.cls('C', { enter: () => 1, leave: () => 1 } as never), {
    ...refused,
    message: /Unknown option leave of class "C"; known are enter, exit/,
  });
  t.throws(() => app.cls('D', { timeout: 1 } as never, { enter: () => 1 }), {
    ...refused,
    message: /Unknown option timeout/,
  });
  t.throws(() => model.method('m', { maxWorkers: 2 } as never, () => 1), {
    ...refused,
    message: /Unknown option maxWorkers of method "Model.m"/,
  });
  t.throws(() => model.method('m', 1 as never), refused);
});

test('an input of local must fit the schema too, and the handler gets what that makes of it', async (t) => {
  const app = new App('a');
  const next = app.function('next', { input: z.object({ n: z.coerce.number() }) }, ({ n }) => n + 1);
  t.is(await next.local({ n: '4' }), 5);
  const lower = app.batched('lower', { input: z.string().toLowerCase() }, (texts) => texts);
  t.is(await lower.local('ABC'), 'abc');
  await t.throwsAsync(next.local({ n: 'x' }), {
    code: 'INPUT_INVALID',
    message: /^The input does not fit its schema: n: /,
  });
  t.throws(() => app.function('bad', { input: {} as never }, () => 1), {
    code: 'OPTION_INVALID',
    message: /Expected input of function "bad" to be a schema/,
  });
});

test('a validator of our own will do, and its issues are counted', async (t) => {
  const issues = [
    { message: 'no' },
    { message: 'nor this', path: ['a', { key: 0 }] },
    { message: 'c' },
    { message: 'd' },
  ];
  const never = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } } as const;
  const refuses = new App('a').function('refuses', { input: never }, () => 1);
  const error = await t.throwsAsync(refuses.local(1), {
    code: 'INPUT_INVALID',
    message: 'The input does not fit its schema: no; a.0: nor this; c; and 1 more',
  });
  t.like(error, {
    details: {
      issues: [
        { message: 'no', path: [] },
        { message: 'nor this', path: ['a', 0] },
      ],
    },
  });
});
