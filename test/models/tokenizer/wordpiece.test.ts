import { readFileSync } from 'node:fs';
import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { LibraryTokenizer } from '../../../models/tokenizer/library.ts';
import type { TokenizerJson } from '../../../models/tokenizer/json.ts';
import { loadTokenizer } from '../../../models/tokenizer/load.ts';
import { idsOf, miniLmTokenizer } from './fixture.ts';

const tokenizer = await loadTokenizer(miniLmTokenizer);
const library = new LibraryTokenizer(JSON.parse(readFileSync(miniLmTokenizer, 'utf8')) as TokenizerJson, {});

function idsOfText(text: string, maxTokens = 512): number[] {
  return idsOf(tokenizer.encode([text], { maxTokens }))[0] ?? [];
}

/** Scripts on which the library agrees with the reference. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 8 }) },
  fc.mapToConstant(
    { num: 0x250 - 0xc0, build: (index) => String.fromCodePoint(0xc0 + index) },
    { num: 0x30, build: (index) => String.fromCodePoint(0x300 + index) },
    { num: 0x60, build: (index) => String.fromCodePoint(0x400 + index) },
    { num: 0x5000, build: (index) => String.fromCodePoint(0x4e00 + index) },
    { num: 0x1000, build: (index) => String.fromCodePoint(0xac00 + index) },
    { num: 0x50, build: (index) => String.fromCodePoint(0x1_f600 + index) },
  ),
  fc.constantFrom(' ', '\u00a0', '\u200d', '\t', '[MASK]', '[CLS]', '[SEP', 'the', 'embedding', 'skateboard'),
);

testProp(
  'the fast path gives the ids of the library wherever the library follows the reference',
  [
    fc.array(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      { maxLength: 4 },
    ),
    fc.integer({ min: 2, max: 40 }),
  ],
  (t, texts, maxTokens) => {
    const ours = tokenizer.encode(texts, { maxTokens });
    const theirs = library.encode(texts, { maxTokens });
    t.deepEqual(idsOf(ours), idsOf(theirs));
    t.is(ours.truncated, theirs.truncated);
  },
  { seed: 20261124, numRuns: 500 },
);

testProp(
  'a text has the same ids alone, in a batch, and again when its words are remembered',
  [fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 8 })],
  (t, texts) => {
    const together = idsOf(tokenizer.encode(texts, { maxTokens: 64 }));
    t.deepEqual(together, idsOf(tokenizer.encode(texts, { maxTokens: 64 })));
    t.deepEqual(
      together,
      texts.map((text) => idsOfText(text, 64)),
    );
  },
  { seed: 20261124, numRuns: 300 },
);

test('a text that is cut keeps the closing special token, and is counted', (t) => {
  const texts = ['one two three', 'one two', 'one', ''];
  const cut = tokenizer.encode(texts, { maxTokens: 4 });
  t.deepEqual(idsOf(cut), [
    [101, 2028, 2048, 102],
    [101, 2028, 2048, 102],
    [101, 2028, 102],
    [101, 102],
  ]);
  t.is(cut.truncated, 1);
});

test('a word is cut between its parts', (t) => {
  const whole = idsOfText('antidisestablishmentarianism');
  t.true(whole.length > 6);
  t.deepEqual(idsOfText('antidisestablishmentarianism', 5), [...whole.slice(0, 4), 102]);
});

test('baked-in padding and truncation to 128 tokens are ignored', (t) => {
  t.is(idsOfText('word').length, 3);
  t.is(idsOfText('word '.repeat(300), 256).length, 256);
});

test('a lone surrogate counts as U+FFFD, which is dropped', (t) => {
  t.deepEqual(idsOfText('skate\ud800board'), idsOfText('skateboard'));
  t.deepEqual(idsOfText('skate\udc00board'), idsOfText('skate\ufffdboard'));
  t.deepEqual(idsOfText('\ud83d'), [101, 102]);
  t.deepEqual(idsOfText('\ud83d\ud83d\ude00'), idsOfText('\u{1f600}'));
});

test('a word of 100 letters is looked up and one of 101 is unknown, counted in code points after normalising', (t) => {
  t.notDeepEqual(idsOfText('a'.repeat(100)), [101, 100, 102]);
  t.deepEqual(idsOfText('a'.repeat(101)), [101, 100, 102]);
  t.deepEqual(idsOfText('e\u0301'.repeat(100)), idsOfText('e'.repeat(100)));
  t.deepEqual(idsOfText('a'.repeat(10_000)), [101, 100, 102]);
});

test('a special token in the text is taken whole, and only as it is written', (t) => {
  t.deepEqual(idsOfText('a[MASK]b'), [101, 1037, 103, 1038, 102]);
  t.deepEqual(idsOfText('[mask]'), idsOfText('[ mask ]'));
});

test('ids stay right when more distinct words pass than the cache holds', (t) => {
  const before = idsOfText('the skateboard of an embedding');
  const words = Array.from({ length: 100_000 }, (_, index) => `w${index.toString(36)}x`);
  const all = idsOf(tokenizer.encode(words, { maxTokens: 16 }));
  t.deepEqual(all[99_999], idsOfText(words[99_999] ?? ''));
  t.deepEqual(all[0], idsOf(library.encode([words[0] ?? ''], { maxTokens: 16 }))[0]);
  t.deepEqual(idsOfText('the skateboard of an embedding'), before);
});

test('no texts give no tokens', (t) => {
  const tokens = tokenizer.encode([], { maxTokens: 8 });
  t.is(tokens.ids.length, 0);
  t.deepEqual([...tokens.offsets], [0]);
});

test('tokens own their memory, so that they may be transferred', (t) => {
  const first = tokenizer.encode(['one'], { maxTokens: 8 });
  tokenizer.encode(['two'], { maxTokens: 8 });
  t.deepEqual(idsOf(first), [[101, 2028, 102]]);
  t.is(first.ids.byteLength, first.ids.buffer.byteLength);
});
