import test from 'ava';
import { expectTypeOf } from 'expect-type';
import {
  type Collection,
  type Id,
  type InputError,
  type Item,
  type Match,
  range,
  repeat,
  type Similarity,
} from 'warpmap';
import type { Yields } from './yields.ts';

test('a map of similarities yields pairs of an id and a score', (t) => {
  const tried = (similarity: Similarity): void => {
    const scores = similarity.map(repeat('a dog'), range(10));
    expectTypeOf<Yields<typeof scores>>().toEqualTypeOf<readonly [id: Id, score: number]>();
    const tolerant = similarity.map([new Float32Array(3)], new Set(['a']), { returnErrors: true });
    expectTypeOf<Yields<typeof tolerant>>().toEqualTypeOf<readonly [id: Id, score: number] | InputError>();
    // @ts-expect-error: queries are texts or vectors.
    similarity.map([1], [1]);
    // @ts-expect-error: ids are strings or numbers.
    similarity.map(['a'], [new Date()]);
    // @ts-expect-error: both sides are needed.
    similarity.map(['a']);
    // @ts-expect-error: a score is a number, not an error to be told apart.
    expectTypeOf<Yields<typeof scores>>().toExtend<InputError>();
  };
  t.is(typeof tried, 'function');
});

test('one query has its matches, and many have a list of theirs', (t) => {
  const tried = (similarity: Similarity, vector: Float32Array, queries: readonly string[]): void => {
    expectTypeOf(similarity.topK('a dog', { k: 1 })).resolves.toEqualTypeOf<Match[]>();
    expectTypeOf(similarity.topK(vector, { k: 1 })).resolves.toEqualTypeOf<Match[]>();
    expectTypeOf(similarity.topK(queries, { k: 1 })).resolves.toEqualTypeOf<Match[][]>();
    expectTypeOf(similarity.topK(['a dog', vector], { k: 1 })).resolves.toEqualTypeOf<Match[][]>();
    // @ts-expect-error: k is not guessed.
    void similarity.topK('a dog');
    // @ts-expect-error: k is not guessed.
    void similarity.topK('a dog', {});
    // @ts-expect-error: k is a number.
    void similarity.topK('a dog', { k: '5' });
    // @ts-expect-error: a plain array of numbers is no vector.
    void similarity.topK([1, 2, 3], { k: 1 });
  };
  expectTypeOf<Match>().toEqualTypeOf<{ readonly id: string | number; readonly score: number }>();
  t.is(typeof tried, 'function');
});

test('items have an id, and a text or a vector', (t) => {
  const tried = (collection: Collection, stream: AsyncGenerator<Item>): void => {
    expectTypeOf(collection.upsert([{ id: 1, text: 'a' }])).resolves.toBeVoid();
    void collection.upsert(stream, { progress: true, maxBatchSize: 64 });
    // @ts-expect-error: an item has an id.
    void collection.upsert([{ text: 'a' }]);
    // @ts-expect-error: an item has the fields it has.
    void collection.upsert([{ id: 1, txt: 'a' }]);
    // @ts-expect-error: an upsert is in order.
    void collection.upsert([], { ordered: false });
    // @ts-expect-error: an upsert ends with the first error.
    void collection.upsert([], { returnErrors: true });
    expectTypeOf(collection.size()).resolves.toBeNumber();
  };
  t.is(typeof tried, 'function');
});
