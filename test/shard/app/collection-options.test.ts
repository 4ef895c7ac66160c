import test from 'ava';
import {
  requireCollectionOptions,
  requireSearch,
  requireSize,
  settleCollection,
} from '../../../shard/app/collection-options.ts';

/** What the types forbid, for those who have none. */
const untyped = (value: unknown): never => value as never;
const wrong = (message: RegExp) => ({ name: 'ShardError', code: 'OPTION_INVALID', message });

test('a collection has float32 and cosine, of bits the Hamming distance, and scores again by cosine', (t) => {
  const settled = (options: object) => settleCollection(requireCollectionOptions(options), 384);
  t.deepEqual(settled({}), { type: 'f32', metric: 'cosine', dims: 384, rescore: false });
  t.like(settled({ type: 'b1' }), { metric: 'hamming', rescore: false });
  t.like(settled({ type: 'b1', rescore: true }), { metric: 'cosine', rescore: true });
  t.like(settled({ type: 'i8', metric: 'euclidean', dims: 64 }), { metric: 'euclidean', dims: 64 });
  t.deepEqual(requireCollectionOptions({ dims: 8, type: untyped(undefined) }), { dims: 8 }, 'only what is stated');
});

test('options of a collection that are wrong, unknown or contradict each other are refused', (t) => {
  for (const [options, message] of [
    [{ type: 'f64' }, /Expected type to be f32, f16, i8 or b1, got "f64"/],
    [{ metric: 'l2' }, /Expected metric to be cosine, dot, euclidean, hamming or jaccard/],
    [{ dims: 0 }, /dims .* 1 or more and at most 8192, got 0/],
    [{ dims: 8193 }, /dims/],
    [{ dims: 1.5 }, /dims/],
    [{ dims: '64' }, /dims .* got "64"$/],
    [{ rescore: 'yes' }, /rescore to be true or false, got "yes"$/],
    [{ dimensions: 3 }, /Unknown option dimensions of a collection; known are type, metric, dims, rescore/],
    [{ metric: 'hamming' }, /type f32 to be cosine, dot or euclidean, got hamming/],
    [{ type: 'b1', metric: 'cosine' }, /type b1 to be hamming or jaccard, got cosine/],
    [{ type: 'b1', metric: 'jaccard', rescore: true }, /type b1 with rescore to be cosine, dot or euclidean/],
    [{ rescore: true }, /type f16, i8 or b1/],
    [null, /object, got null$/],
    [[], /object, got an array of 0$/],
  ] as const) {
    t.throws(() => requireCollectionOptions(untyped(options)), wrong(message), JSON.stringify(options));
  }
});

test('a search travels with ids in arrays', (t) => {
  const search = requireSearch({ k: 10_000, filter: { allow: new Set([1, '1']), exclude: [2] }, recallTarget: 0.9 });
  t.deepEqual(search, { k: 10_000, filter: { allow: [1, '1'], exclude: [2] }, recallTarget: 0.9 });
  t.deepEqual(requireSearch({ k: 1, oversample: 2.5 }), { k: 1, oversample: 2.5 });
});

test('a search that is wrong is refused by what is wrong with it', (t) => {
  for (const [search, message] of [
    [{}, /Expected k to be a whole number of 1 or more and at most 10000, got undefined/],
    [{ k: 10_001 }, /at most 10000/],
    [{ k: 1, recallTarget: 0 }, /recallTarget/],
    [{ k: 1, recallTarget: 1.1 }, /recallTarget/],
    [{ k: 1, oversample: 0.5 }, /oversample/],
    [{ k: 1, filter: { only: [1] } }, /Unknown option only of filter; known are allow, exclude/],
    [{ k: '5' }, /got "5"$/],
    [{ k: 1, filter: ['a'] }, /Expected filter to be an object .* \{ allow, exclude \}, got an array of 1$/],
    [{ k: 1, filter: 'a' }, /Expected filter to be an object .* got "a"$/],
    [{ k: 1, filter: { allow: 'abc' } }, /filter.allow to be an array .* got "abc"$/],
    [{ k: 1, filter: { exclude: [1, Number.NaN] } }, /filter.exclude .* at 1 it has NaN/],
    [{ k: 1, filter: { allow: [{}] } }, /filter.allow/],
    [{ k: 1, kk: 2 }, /Unknown option kk of topK/],
  ] as const) {
    t.throws(() => requireSearch(untyped(search)), wrong(message), JSON.stringify(search));
  }
  t.deepEqual(requireSize({}), { queries: 1, k: 10 });
  t.throws(() => requireSize({ queries: 0 }), wrong(/queries/));
});
