import test from 'ava';
import { expectTypeOf } from 'expect-type';
import { App } from '../../../sdk/app/app.ts';
import { RemoteFunction } from '../../../sdk/app/remote-function.ts';
import type { CallEntry } from '../../../sdk/call/entries.ts';
import { FunctionCall } from '../../../sdk/call/function-call.ts';
import type { Connection } from '../../../sdk/connection.ts';
import type { InputError } from '../../../shard/errors.ts';
import { range, repeat } from '../../../shard/iterables.ts';
import type { Yields } from '../../types/yields.ts';

const app = new App('types');
const lengthOf = app.function('length_of', async (text: string, times?: number) => text.length * (times ?? 1));
const letters = app.function('letters', function* (text: string) {
  yield* text;
});

test('types flow from a function to what is spawned, and to what is read of it', (t) => {
  // Only the types are tried: nothing here is called.
  const tried = async (warp: Connection): Promise<void> => {
    const called = warp.function(lengthOf, { key: 'once', retries: { maxRetries: 1 } });
    const one = await called.spawn('a', 2);
    const many = await called.spawnMap(['a'], repeat(2), { chunkSize: 8 });
    const tuples = await called.spawnStarmap([['a'], ['b', 2]]);
    expectTypeOf(one).toEqualTypeOf<FunctionCall<number>>();
    expectTypeOf(many).toEqualTypeOf<FunctionCall<number, number[]>>();
    expectTypeOf(tuples).toEqualTypeOf<FunctionCall<number, number[]>>();
    expectTypeOf(one.get()).resolves.toEqualTypeOf<number>();
    expectTypeOf(many.get()).resolves.toEqualTypeOf<number[]>();
    expectTypeOf(await warp.function(letters).spawn('ab')).toEqualTypeOf<FunctionCall<string[]>>();

    const outputs = many.iterate();
    expectTypeOf<Yields<typeof outputs>>().toEqualTypeOf<number>();
    const both = many.iterate({ returnErrors: true });
    expectTypeOf<Yields<typeof both>>().toEqualTypeOf<number | InputError>();
    const entries = many.entries();
    expectTypeOf<Yields<typeof entries>>().toEqualTypeOf<CallEntry<number>>();
    expectTypeOf(FunctionCall.gather(one, many, warp.call<string>('id'))).resolves.toEqualTypeOf<
      [number, number[], string]
    >();
    expectTypeOf(FunctionCall.fromId<string>(warp, 'id')).toEqualTypeOf<FunctionCall<string>>();

    // @ts-expect-error: texts are strings.
    await called.spawn(1);
    // @ts-expect-error: the second argument is a number.
    await called.spawnMap(['a'], ['b']);
    // @ts-expect-error: what is uploaded has no order.
    await called.spawnMap(['a'], { ordered: false });
  };
  t.is(typeof tried, 'function');
});

test('a function by its names has the types that the caller supplies, and needs none', (t) => {
  const tried = async (warp: Connection): Promise<void> => {
    const named = warp.function<[text: string, times?: number], number>('types', 'length_of', { version: 3 });
    expectTypeOf(named.remote('a')).resolves.toEqualTypeOf<number>();
    const mapped = named.map(['a'], range(1));
    expectTypeOf<Yields<typeof mapped>>().toEqualTypeOf<number>();
    const items = named.remoteGen('a');
    expectTypeOf<Yields<typeof items>>().toEqualTypeOf<number>();
    expectTypeOf(await named.spawn('a')).toEqualTypeOf<FunctionCall<number>>();
    expectTypeOf(
      RemoteFunction.fromName<[string], number>(warp, 'types', 'length_of').remote('a'),
    ).resolves.toEqualTypeOf<number>();

    const untyped = warp.function('types', 'length_of').map(['a']);
    expectTypeOf<Yields<typeof untyped>>().toEqualTypeOf<unknown>();
    warp.function('types', 'length_of').map(['a'], repeat(2), { ordered: false });
    const single = warp.function<string, number>('types/length_of');
    expectTypeOf(await single.spawnMap(['a'])).toEqualTypeOf<FunctionCall<number, number[]>>();

    // @ts-expect-error: texts are strings.
    await named.remote(1);
    // @ts-expect-error: options are known by name.
    warp.function('types', 'length_of', { versoin: 3 });
  };
  t.is(typeof tried, 'function');
});
