import test from 'ava';
import { expectTypeOf } from 'expect-type';
import type { Engine, EngineCollection, Match as EngineMatch, Vectors as EngineVectors } from '../../core/contract.ts';
import type { InputError } from '../../shard/errors.ts';
import { range, repeat, zip } from '../../shard/iterables.ts';
import type { Collection } from '../../sdk/collection.ts';
import type { Connection } from '../../sdk/connection.ts';
import type { Inputs, Item, Match, Vectors } from '../../sdk/contract.ts';

type Yields<T> = T extends AsyncIterable<infer O> ? O : never;

test('types flow from inputs to outputs, and equal those of the engine', (t) => {
  // Only the types are tried: nothing here is called.
  const tried = (connection: Connection, collection: Collection): void => {
    const vectors = connection.embed.map(['a']);
    expectTypeOf<Yields<typeof vectors>>().toEqualTypeOf<Float32Array>();
    const withErrors = connection.embed.map(['a'], { returnErrors: true });
    expectTypeOf<Yields<typeof withErrors>>().toEqualTypeOf<Float32Array | InputError>();
    const scores = collection.similarity.map(repeat('dog'), range(10), { ordered: false });
    expectTypeOf<Yields<typeof scores>>().toEqualTypeOf<readonly [id: string | number, score: number]>();
    expectTypeOf(collection.similarity.topK('dog', { k: 1 })).resolves.toEqualTypeOf<Match[]>();
    expectTypeOf(collection.similarity.topK(['dog'], { k: 1 })).resolves.toEqualTypeOf<Match[][]>();
    const lengths = connection.function<string, number>('length').map(['a'], { returnErrors: false });
    expectTypeOf<Yields<typeof lengths>>().toEqualTypeOf<number>();
    // @ts-expect-error: texts are strings.
    connection.embed.map([1]);
    // @ts-expect-error: options are known by name.
    connection.embed.map(['a'], { ordred: true });
  };
  expectTypeOf(zip(['a'], range(1))).toEqualTypeOf<Inputs<[string, number]>>();
  expectTypeOf<Vectors>().toEqualTypeOf<EngineVectors>();
  expectTypeOf<Match>().toEqualTypeOf<EngineMatch>();
  expectTypeOf<readonly Item[]>().toEqualTypeOf<Parameters<EngineCollection['upsert']>[0]>();
  expectTypeOf<Connection['embed']>().toExtend<Engine['embed']>();
  t.is(typeof tried, 'function');
});
