import test from 'ava';
import { loadTokenizer } from '../../../models/tokenizer/load.ts';
import { fixturePath, miniLmTokenizer } from './fixture.ts';

for (const [kind, path] of [
  ['WordPiece', miniLmTokenizer],
  ['Unigram', fixturePath('unigram/tokenizer.json')],
] as const) {
  test(`${kind}: the least maxTokens is two, the special tokens alone`, async (t) => {
    const tokenizer = await loadTokenizer(path);
    t.is(tokenizer.encode(['some text'], { maxTokens: 2 }).ids.length, 2);
    for (const maxTokens of [1, 0, -1, 2.5, Number.NaN, Infinity, '8', undefined]) {
      t.throws(() => tokenizer.encode(['a'], { maxTokens: maxTokens as number }), {
        name: 'ModelError',
        code: 'INPUT_INVALID',
        message: /must be an integer from 2 /,
      });
    }
  });

  test(`${kind}: a text that is no string is refused by its position`, async (t) => {
    const tokenizer = await loadTokenizer(path);
    for (const [text, got] of [
      [null, 'null'],
      [undefined, 'undefined'],
      [7, 'number'],
      [{}, 'object'],
    ] as const) {
      t.throws(() => tokenizer.encode(['a', text as string], { maxTokens: 8 }), {
        code: 'INPUT_INVALID',
        message: `Text 1 must be a string, got ${got}.`,
      });
    }
    t.is(tokenizer.encode(['a'], { maxTokens: 8 }).offsets.length, 2, 'it still works afterwards');
  });
}
