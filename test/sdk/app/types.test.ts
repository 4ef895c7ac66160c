import test from 'ava';
import { expectTypeOf } from 'expect-type';
import * as v from 'valibot';
import { z } from 'zod';
import { App } from '../../../sdk/app/app.ts';
import type { CalledFunction, CalledGenerator } from '../../../sdk/app/called.ts';
import type { FunctionHandle, GeneratorHandle } from '../../../sdk/app/handle.ts';
import type { RemoteFunction } from '../../../sdk/app/remote-function.ts';
import type { Connection } from '../../../sdk/connection.ts';
import type { InputError } from '../../../shard/errors.ts';
import { range, repeat, zip } from '../../../shard/iterables.ts';
import { context } from '../../../shard/app/context.ts';

type Yields<T> = T extends AsyncIterable<infer O> ? O : never;

/** Only the types are tried: what a test is given is never called. */
const typesHold = test.macro((t, tried: (warp: Connection) => void) => t.is(typeof tried, 'function'));

const app = new App('types');
const one = app.function('one', async (text: string) => text.length);
const two = app.function('two', { timeout: 1 }, (text: string, times: number) => ({ text, times }));
const maybe = app.function('maybe', (text: string, times: number = 2) => text.repeat(times));
const sum = app.function('sum', (...values: number[]) => values.length);
const mixed = app.function('mixed', (name: string, ...values: readonly number[]) => [name, values] as const);
const many = app.batched('many', {}, async (texts: string[]) => texts.map((text) => text.length));
const frozen = app.batched('frozen', {}, (texts: readonly string[]) => texts);
const pairs = app.batched('pairs', {}, (inputs: [id: number, text: string][]) => inputs.map(([id]) => id));

test('a handle has the parameters and the output of its handler', (t) => {
  expectTypeOf(one).toEqualTypeOf<FunctionHandle<[text: string], number>>();
  expectTypeOf(two).toEqualTypeOf<FunctionHandle<[text: string, times: number], { text: string; times: number }>>();
  expectTypeOf(maybe).toEqualTypeOf<FunctionHandle<[text: string, times?: number | undefined], string>>();
  expectTypeOf(sum).toEqualTypeOf<FunctionHandle<number[], number>>();
  expectTypeOf(mixed).toEqualTypeOf<
    FunctionHandle<[name: string, ...values: number[]], readonly [string, readonly number[]]>
  >();
  expectTypeOf(many).toEqualTypeOf<FunctionHandle<[input: string], number>>();
  expectTypeOf(frozen).toEqualTypeOf<FunctionHandle<[input: string], string>>();
  expectTypeOf(pairs).toEqualTypeOf<FunctionHandle<[input: [id: number, text: string]], number>>();
  expectTypeOf(one.local('a')).toEqualTypeOf<Promise<number>>();
  const never = app.function('never', (): never => {
    throw new Error('always');
  });
  expectTypeOf(never).toEqualTypeOf<FunctionHandle<[], never>>();
  const untyped = app.function('untyped', (): any => 1); // oxlint-disable-line typescript/no-explicit-any
  expectTypeOf(untyped).toEqualTypeOf<FunctionHandle<[], any>>(); // oxlint-disable-line typescript/no-explicit-any
  t.is(one.name, 'one');
});

test('types flow from the handler to the inputs and outputs of its maps', typesHold, (warp) => {
  expectTypeOf(warp.function(one)).toEqualTypeOf<CalledFunction<[text: string], number>>();
  const lengths = warp.function(one).map(['a']);
  expectTypeOf<Yields<typeof lengths>>().toEqualTypeOf<number>();
  const failing = warp.function(one).map(['a'], { returnErrors: true });
  expectTypeOf<Yields<typeof failing>>().toEqualTypeOf<number | InputError>();
  const explicit = warp.function(one).map(['a'], { returnErrors: false });
  expectTypeOf<Yields<typeof explicit>>().toEqualTypeOf<number>();
  const whichever = warp.function(one).map(['a'], { returnErrors: Math.random() > 0.5 });
  expectTypeOf<Yields<typeof whichever>>().toEqualTypeOf<number | InputError>();
  const zipped = warp.function(two).map(['a'], repeat(2), { ordered: false });
  expectTypeOf<Yields<typeof zipped>>().toEqualTypeOf<{ text: string; times: number }>();
  const failingPairs = warp.function(two).map(['a'], range(2), { returnErrors: true });
  expectTypeOf<Yields<typeof failingPairs>>().toEqualTypeOf<{ text: string; times: number } | InputError>();
  const starred = warp.function(two).starmap(zip(['a'], range(2)), { returnErrors: true });
  expectTypeOf<Yields<typeof starred>>().toEqualTypeOf<{ text: string; times: number } | InputError>();
  const batched = warp.function(many).map(new Set(['a']));
  expectTypeOf<Yields<typeof batched>>().toEqualTypeOf<number>();
  warp.function(maybe).map(['a']);
  warp.function(maybe).map(['a'], [1]);
  warp.function(maybe).map(['a'], { ordered: false });
  warp.function(maybe).map(['a'], [1], { ordered: false });
  warp.function(sum).map([1], [2], [3]);
  warp.function(pairs).map([[1, 'a']]);
  warp.function(pairs).map(zip(range(2), ['a']));
  expectTypeOf(warp.function(two).remote('a', 1)).resolves.toEqualTypeOf<{ text: string; times: number }>();
  expectTypeOf(warp.function(one).forEach(['a'])).resolves.toEqualTypeOf<void>();
  expectTypeOf(warp.function(one).stats()).resolves.toHaveProperty('waiting').toEqualTypeOf<number>();
  warp.function(one, { signal: AbortSignal.timeout(1) });
  void warp.function(one).updateAutoscaler({ minWorkers: 1 });

  // @ts-expect-error: the inputs are texts.
  warp.function(one).map([1]);
  // @ts-expect-error: the second iterable is missing.
  warp.function(two).map(['a']);
  // @ts-expect-error: a third is one too many.
  warp.function(two).map(['a'], [1], [1]);
  // @ts-expect-error: options are known by name.
  warp.function(one).map(['a'], { ordred: true });
  // @ts-expect-error: the tuples are of a text and a number.
  warp.function(two).starmap([[1, 'a']]);
  // @ts-expect-error: the element is a text.
  warp.function(many).map([['a']]);
  // @ts-expect-error: the elements are pairs.
  warp.function(pairs).map(range(2), ['a']);
  // @ts-expect-error: a function of one output does not stream.
  warp.function(one).remoteGen('a');
  // @ts-expect-error: forEach has no outputs to order.
  void warp.function(one).forEach(['a'], { ordered: true });
  // @ts-expect-error: what runs at once in a worker is the function's own.
  void warp.function(one).updateAutoscaler({ concurrency: 2 });
  // @ts-expect-error: options of a call are known by name.
  warp.function(one, { spread: true });
});

test('options are known by name, and a batched handler gives an array', typesHold, () => {
  app.function('a', { gpu: ['h100', { memory: 2 ** 34 }] }, (value: number) => value);
  // @ts-expect-error: options are known by name.
  app.function('b', { gpus: 'h100' }, (value: number) => value);
  // @ts-expect-error: a GPU has a name or a memory.
  app.function('c', { gpu: { cores: 2 } }, (value: number) => value);
  // @ts-expect-error: a batched handler gives an array.
  app.batched('d', {}, (values: number[]) => values.length);
  // @ts-expect-error: batches are of batched functions.
  app.function('e', { maxBatchSize: 2 }, (value: number) => value);
});

const counts = app.function('counts', async function* (end: number, step?: number) {
  for (let value = 0; value < end; value += step ?? 1) yield value;
});
const letters = app.function('letters', { timeout: 1 }, function* (text: string) {
  yield* text;
});

test('a generator function streams its items, and a map gathers them', typesHold, (warp) => {
  expectTypeOf(counts).toEqualTypeOf<GeneratorHandle<[end: number, step?: number | undefined], number>>();
  expectTypeOf(letters).toEqualTypeOf<GeneratorHandle<[text: string], string>>();
  expectTypeOf(counts.local(1)).toEqualTypeOf<AsyncGenerator<number, void, undefined>>();
  expectTypeOf(warp.function(letters)).toEqualTypeOf<CalledGenerator<[text: string], string>>();
  expectTypeOf(warp.function(counts).remoteGen(2)).toEqualTypeOf<AsyncGenerator<number, void, undefined>>();
  const gathered = warp.function(letters).map(['a'], { returnErrors: true });
  expectTypeOf<Yields<typeof gathered>>().toEqualTypeOf<string[] | InputError>();
  void warp.function(letters).forEach(['a']);

  // @ts-expect-error: it has many outputs, not one.
  void warp.function(counts).remote(1);
  // @ts-expect-error: the argument is a number.
  warp.function(counts).remoteGen('a');
});

const model = app.cls(
  'Model',
  { gpu: 'h100' },
  {
    enter: async () => ({ factor: 2, names: ['a'] as readonly string[] }),
    exit(state) {
      expectTypeOf(state).toEqualTypeOf<{ factor: number; names: readonly string[] }>();
    },
  },
);

test('the functions of a class get its state, and their callers do not see it', typesHold, (warp) => {
  const scale = model.method('scale', (state, value: number, digits?: number) => {
    expectTypeOf(state.names).toEqualTypeOf<readonly string[]>();
    return (value * state.factor).toFixed(digits);
  });
  expectTypeOf(scale).toEqualTypeOf<FunctionHandle<[value: number, digits?: number | undefined], string>>();
  const nameless = model.method('nameless', { timeout: 1 }, ({ names }) => names);
  expectTypeOf(nameless).toEqualTypeOf<FunctionHandle<[], readonly string[]>>();
  const all = model.batched('all', { maxBatchSize: 2 }, ({ factor }, values: number[]) =>
    values.map((value) => value * factor),
  );
  expectTypeOf(all).toEqualTypeOf<FunctionHandle<[input: number], number>>();
  const stream = model.method('stream', async function* ({ names }, count: number) {
    yield* names.slice(0, count);
  });
  expectTypeOf(stream).toEqualTypeOf<GeneratorHandle<[count: number], string>>();
  warp.function(scale).map([1], [2]);
  warp.function(all).map(range(3));

  // @ts-expect-error: callers do not give the state.
  void warp.function(scale).remote({ factor: 2 }, 1);
  // @ts-expect-error: how many workers there are is the class's to say.
  model.method('wrong', { maxWorkers: 2 }, () => 1);
  // @ts-expect-error: the state has no such field.
  model.method('missing', (state) => state.none);
  // @ts-expect-error: a class has an enter.
  app.cls('Empty', { exit: () => {} });
});

const person = z.object({ name: z.string(), age: z.coerce.number<string>() });

test('of a schema the handler gets what it makes, and callers give what it takes', typesHold, (warp) => {
  const older = app.function('older', { input: person }, (given) => {
    expectTypeOf(given).toEqualTypeOf<{ name: string; age: number }>();
    return given.age + 1;
  });
  expectTypeOf(older).toEqualTypeOf<FunctionHandle<[input: { name: string; age: string }], number>>();
  const lengths = app.batched('lengths', { input: v.pipe(v.string(), v.trim()), maxBatchSize: 2 }, (texts) => {
    expectTypeOf(texts).toEqualTypeOf<string[]>();
    return texts.map((text) => text.length);
  });
  expectTypeOf(lengths).toEqualTypeOf<FunctionHandle<[input: string], number>>();
  const spelled = app.function('spelled', { input: z.string() }, function* (text) {
    yield* text;
  });
  expectTypeOf(spelled).toEqualTypeOf<GeneratorHandle<[input: string], string>>();
  const scaled = model.method('scaled', { input: z.number() }, ({ factor }, value) => value * factor);
  expectTypeOf(scaled).toEqualTypeOf<FunctionHandle<[input: number], number>>();
  const named = model.batched('named', { input: person }, ({ names }, people) =>
    people.map(({ age }) => names.at(age)),
  );
  expectTypeOf(named).toEqualTypeOf<FunctionHandle<[input: { name: string; age: string }], string | undefined>>();
  warp.function(older).map([{ name: 'a', age: '1' }]);

  // @ts-expect-error: what goes in is a text.
  warp.function(older).map([{ name: 'a', age: 1 }]);
  // @ts-expect-error: that is no schema.
  app.function('none', { input: {} }, (value: number) => value);
  // @ts-expect-error: the handler takes what the schema makes.
  app.function('other', { input: z.string() }, (value: number) => value);
});

test('of a function that is known by its name the caller supplies the types', typesHold, (warp) => {
  const named = warp.function<string, number>('types/one');
  expectTypeOf(named).toEqualTypeOf<RemoteFunction<string, number>>();
  const outputs = named.map(['a'], { returnErrors: true });
  expectTypeOf<Yields<typeof outputs>>().toEqualTypeOf<number | InputError>();
  const spread = warp.function<[text: string, times: number], string>('types/two', { spread: true });
  spread.map(zip(['a'], [1]));
  expectTypeOf(warp.function('types/one')).toEqualTypeOf<RemoteFunction<unknown, unknown>>();
  expectTypeOf(named.remote('a')).resolves.toEqualTypeOf<number>();
  expectTypeOf(named.remoteGen('a')).toEqualTypeOf<AsyncGenerator<number, void, undefined>>();
  // @ts-expect-error: the inputs are texts.
  named.map([1]);
});

test('a handler has the engine of its node', typesHold, () => {
  const { collection, log } = context();
  const videos = collection('videos');
  expectTypeOf(videos.topK('a', { k: 1 })).resolves.toEqualTypeOf<
    { readonly id: string | number; readonly score: number }[]
  >();
  expectTypeOf(videos.topK(['a'], { k: 1 })).resolves.items.toBeArray();
  expectTypeOf(videos.similarity(['a'], [1])).resolves.toEqualTypeOf<Float32Array>();
  log.warn('a', { b: 1 });
  // @ts-expect-error: fields are a map.
  log('a', 1);
});
