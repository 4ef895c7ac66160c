import test from 'ava';
import { expectTypeOf } from 'expect-type';
import { App } from '../../../sdk/app/app.ts';
import type { FunctionHandle } from '../../../sdk/app/handle.ts';
import type { Connection } from '../../../sdk/connection.ts';
import type { InputError } from '../../../shard/errors.ts';
import { range, repeat, zip } from '../../../shard/iterables.ts';

type Yields<T> = T extends AsyncIterable<infer O> ? O : never;

test('types flow from the handler to the inputs and outputs of its maps', (t) => {
  const app = new App('types');
  const one = app.function('one', async (text: string) => text.length);
  const two = app.function('two', { timeout: 1 }, (text: string, times: number) => ({ text, times }));
  const maybe = app.function('maybe', (text: string, times: number = 2) => text.repeat(times));
  const sum = app.function('sum', (...values: number[]) => values.length);
  const many = app.batched('many', {}, async (texts: string[]) => texts.map((text) => text.length));
  const frozen = app.batched('frozen', {}, (texts: readonly string[]) => texts);
  expectTypeOf(one).toEqualTypeOf<FunctionHandle<[text: string], number>>();
  expectTypeOf(two).toEqualTypeOf<FunctionHandle<[text: string, times: number], { text: string; times: number }>>();
  expectTypeOf(many).toEqualTypeOf<FunctionHandle<[input: string], number>>();
  expectTypeOf(frozen).toEqualTypeOf<FunctionHandle<[input: string], string>>();
  expectTypeOf(one.local('a')).resolves.toEqualTypeOf<number>();

  // Only the types are tried: nothing here is called.
  const tried = (warp: Connection): void => {
    const lengths = warp.function(one).map(['a']);
    expectTypeOf<Yields<typeof lengths>>().toEqualTypeOf<number>();
    const failing = warp.function(one).map(['a'], { returnErrors: true });
    expectTypeOf<Yields<typeof failing>>().toEqualTypeOf<number | InputError>();
    const pairs = warp.function(two).map(['a'], repeat(2), { ordered: false });
    expectTypeOf<Yields<typeof pairs>>().toEqualTypeOf<{ text: string; times: number }>();
    const failingPairs = warp.function(two).map(['a'], range(2), { returnErrors: true });
    expectTypeOf<Yields<typeof failingPairs>>().toEqualTypeOf<{ text: string; times: number } | InputError>();
    const starred = warp.function(two).starmap(zip(['a'], range(2)), { returnErrors: true });
    expectTypeOf<Yields<typeof starred>>().toEqualTypeOf<{ text: string; times: number } | InputError>();
    const batched = warp.function(many).map(['a']);
    expectTypeOf<Yields<typeof batched>>().toEqualTypeOf<number>();
    warp.function(maybe).map(['a']);
    warp.function(maybe).map(['a'], [1]);
    warp.function(maybe).map(['a'], { ordered: false });
    warp.function(maybe).map(['a'], [1], { ordered: false });
    warp.function(sum).map([1], [2], [3]);
    expectTypeOf(warp.function(two).remote('a', 1)).resolves.toEqualTypeOf<{ text: string; times: number }>();
    expectTypeOf(warp.function(one).forEach(['a'])).resolves.toEqualTypeOf<void>();

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
    app.function('other', { gpu: ['h100', { memory: 2 ** 34 }] }, (value: number) => value);
    // @ts-expect-error: options are known by name.
    app.function('wrong', { gpus: 'h100' }, (value: number) => value);
    // @ts-expect-error: a batched handler gives an array.
    app.batched('another', {}, (values: number[]) => values.length);
  };
  t.is(typeof tried, 'function');
});
