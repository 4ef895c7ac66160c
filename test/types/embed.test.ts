/** Types are tried by the compiler alone: what is never called need not be true at run time. */
import test from 'ava';
import { expectTypeOf } from 'expect-type';
import type { Connection, Embed, InputError, Inputs, MapProgress, Vectors } from 'warpmap';
import type { Yields } from './yields.ts';

declare const connection: Connection;
declare const flag: boolean;

test('embedding texts at once gives one block of vectors', (t) => {
  const tried = (embed: Embed): void => {
    expectTypeOf(embed(['a'])).resolves.toEqualTypeOf<Vectors>();
    expectTypeOf(embed(['a'] as readonly string[], { prompt: 'query', dims: 8 })).resolves.toEqualTypeOf<Vectors>();
    expectTypeOf<Vectors['data']>().toEqualTypeOf<Float32Array<ArrayBuffer>>();
    // @ts-expect-error: one text is not an array of texts.
    void embed('a');
    // @ts-expect-error: a stream of texts is for embed.map.
    void embed(new Set(['a']));
    // @ts-expect-error: texts are strings.
    void embed([1]);
    // @ts-expect-error: options are known by name.
    void embed(['a'], { dimensions: 8 });
    // @ts-expect-error: a block has no place for errors.
    void embed(['a'], { returnErrors: true });
  };
  t.is(typeof tried, 'function');
});

test('a map of texts yields vectors, and errors only where they are asked for', (t) => {
  const tried = (): void => {
    const { embed } = connection;
    const vectors = embed.map(['a']);
    expectTypeOf<Yields<typeof vectors>>().toEqualTypeOf<Float32Array>();
    expectTypeOf(vectors).toExtend<AsyncGenerator<Float32Array, void, undefined>>();
    const without = embed.map(['a'], { returnErrors: false });
    expectTypeOf<Yields<typeof without>>().toEqualTypeOf<Float32Array>();
    const tolerant = embed.map(['a'], { returnErrors: true });
    expectTypeOf<Yields<typeof tolerant>>().toEqualTypeOf<Float32Array | InputError>();
    const undecided = embed.map(['a'], { returnErrors: flag });
    expectTypeOf<Yields<typeof undecided>>().toEqualTypeOf<Float32Array | InputError>();
  };
  t.is(typeof tried, 'function');
});

test('the source of a map may be any iterable of texts, and nothing else', (t) => {
  const tried = (generator: AsyncGenerator<string>): void => {
    const { embed } = connection;
    void [embed.map(new Set(['a'])), embed.map(['a'].values()), embed.map(generator)];
    expectTypeOf<Parameters<Embed['map']>[0]>().toEqualTypeOf<Inputs<string>>();
    // @ts-expect-error: texts are strings.
    embed.map([1]);
    // @ts-expect-error: a promise of texts is awaited first.
    embed.map(Promise.resolve(['a']));
    // @ts-expect-error: options are known by name.
    embed.map(['a'], { ordred: true });
    // @ts-expect-error: options have their types.
    embed.map(['a'], { window: '64' });
    // @ts-expect-error: the clock is for tests of the pump.
    embed.map(['a'], { clock: undefined });
  };
  t.is(typeof tried, 'function');
});

test('progress is told in full', (t) => {
  const tried = (): void => {
    connection.embed.map(['a'], { onProgress: (progress) => expectTypeOf(progress).toEqualTypeOf<MapProgress>() });
  };
  expectTypeOf<MapProgress['done']>().toEqualTypeOf<number>();
  expectTypeOf<MapProgress['etaSeconds']>().toEqualTypeOf<number | undefined>();
  t.is(typeof tried, 'function');
});
