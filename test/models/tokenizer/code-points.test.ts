import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  BertNormalizer,
  drop,
  punctuationBase,
  sequenceBase,
  space,
  type BertNormalizerOptions,
} from '../../../models/tokenizer/bert-normalizer.ts';
import { fixturePath } from './fixture.ts';

interface CodePointCase {
  readonly normalizer: BertNormalizerOptions;
  readonly sha256: string;
}

const { cases } = JSON.parse(readFileSync(fixturePath('code-points.json'), 'utf8')) as {
  cases: readonly CodePointCase[];
};

/** The words that `a`, a code point and `b` in a row become. */
function wordsAround(normalizer: BertNormalizer, codePoint: number): string[] {
  const words: string[] = [''];
  function apply(fate: number): void {
    if (fate > 0) {
      words[words.length - 1] += String.fromCodePoint(fate);
    } else if (fate === space) {
      words.push('');
    } else if (fate <= sequenceBase) {
      for (const part of normalizer.sequences[sequenceBase - fate] ?? []) {
        apply(part);
      }
    } else if (fate !== drop) {
      words.push(String.fromCodePoint(punctuationBase - fate), '');
    }
  }
  for (const each of [0x61, codePoint, 0x62]) {
    apply(normalizer.fate(each));
  }
  return words.filter((word) => word !== '');
}

for (const { normalizer: options, sha256 } of cases) {
  test(`every code point of Unicode is normalised and split as in the reference, with ${JSON.stringify(options)}`, (t) => {
    const normalizer = new BertNormalizer(options);
    const lines: string[] = [];
    for (let codePoint = 0; codePoint < 0x11_0000; codePoint += 1) {
      if (codePoint < 0xd800 || codePoint > 0xdfff) {
        lines.push(`${wordsAround(normalizer, codePoint).join(' ')}\n`);
      }
    }
    t.is(createHash('sha256').update(lines.join('')).digest('hex'), sha256);
  });
}
