import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { LibraryTokenizer } from '../../../models/tokenizer/library.ts';
import { loadTokenizer } from '../../../models/tokenizer/load.ts';
import type { TokenizerJson } from '../../../models/tokenizer/json.ts';
import type { Tokenizer } from '../../../models/contract.ts';
import { WordPieceTokenizer } from '../../../models/tokenizer/wordpiece.ts';
import { fixturePath, idsOf, miniLmTokenizer, readFixture, sha256, type Fixture } from './fixture.ts';

const uncut = { maxTokens: 1_000_000 };

function equalsReference(t: ExecutionContext, tokenizer: Tokenizer, fixture: Fixture): void {
  const ids = idsOf(tokenizer.encode(fixture.texts, uncut));
  for (const [index, text] of fixture.texts.entries()) {
    t.deepEqual(ids[index], fixture.ids[index], JSON.stringify(text.slice(0, 200)));
  }
  for (const [maxTokens, expected] of Object.entries(fixture.sha256OfCut)) {
    const cut = idsOf(tokenizer.encode(fixture.texts, { maxTokens: Number(maxTokens) }));
    t.is(sha256(JSON.stringify(cut)), expected, `cut to ${maxTokens} tokens`);
  }
}

test('the fast path gives the ids of the reference on awkward text, whole and cut', async (t) => {
  const tokenizer = await loadTokenizer(miniLmTokenizer);
  t.true(tokenizer instanceof WordPieceTokenizer);
  equalsReference(t, tokenizer, readFixture('wordpiece.json'));
});

for (const kind of ['unigram', 'bpe'] as const) {
  test(`the library gives the ids of the reference for a ${kind} tokeniser, whole and cut`, async (t) => {
    const tokenizer = await loadTokenizer(fixturePath(`${kind}/tokenizer.json`));
    t.true(tokenizer instanceof LibraryTokenizer);
    equalsReference(t, tokenizer, readFixture(`${kind}/ids.json`));
  });
}

/**
 * Where `@huggingface/tokenizers` differs from the reference, and our fast path does not: it lowercases a word's last
 * sigma to ς; it pads other ranges of CJK; and it takes marks and punctuation from Node's Unicode version.
 */
const libraryDiffers = /[Σ\u{2a6e0}-\u{3ffff}\u{20000}-\u{2a6df}\uf900-\ufaff]/u;

test('the library on the same WordPiece differs from the reference only as is known', (t) => {
  const json = JSON.parse(readFileSync(miniLmTokenizer, 'utf8')) as TokenizerJson;
  const library = new LibraryTokenizer(json, {});
  const { texts, ids } = readFixture('wordpiece.json');
  const got = idsOf(library.encode(texts, uncut));
  const plain = /^[\p{ASCII}\p{Script=Latin}\p{Script=Cyrillic}\u4e00-\u9fff]*$/u;
  let compared = 0;
  for (const [index, text] of texts.entries()) {
    if (plain.test(text) && !libraryDiffers.test(text)) {
      t.deepEqual(got[index], ids[index], JSON.stringify(text.slice(0, 200)));
      compared += 1;
    }
  }
  t.true(compared >= 100, `compared only ${compared}`);
  t.notDeepEqual(
    idsOf(library.encode(['ΛΟΓΟΣ'], uncut)),
    idsOf(library.encode(['λογοσ'], uncut)),
    'the library now treats a final sigma as the reference does: this note is out of date',
  );
});
