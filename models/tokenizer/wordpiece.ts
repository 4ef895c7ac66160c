import type { Tokenizer, Tokens } from '../contract.ts';
import { checkMaxTokens, checkText } from './arguments.ts';
import { BertNormalizer, drop, punctuationBase, sequenceBase, space, unknown } from './bert-normalizer.ts';
import type { WordPieceDefinition } from './definition.ts';
import { TokenSink } from './token-sink.ts';
import { VocabularyTrie } from './vocabulary-trie.ts';
import { WordCache } from './word-cache.ts';

const hashSeed = 0x811c_9dc5 | 0;
const hashPrime = 0x0100_0193;
/** A letter takes one or two UTF-16 units. */
const unitsPerLetter = 2;

/**
 * BERT's WordPiece in one pass over the text: normalise, split, look up and write ids straight into an Int32Array.
 * Ids equal those of Hugging Face's `tokenizers`. A lone surrogate counts as U+FFFD and is so dropped.
 */
export class WordPieceTokenizer implements Tokenizer {
  readonly padId: number;
  readonly #definition: WordPieceDefinition;
  readonly #normalizer: BertNormalizer;
  readonly #trie: VocabularyTrie;
  readonly #cache = new WordCache();
  readonly #sink = new TokenSink();
  readonly #word: Uint16Array<ArrayBuffer>;
  /** Whether a special token begins with this UTF-16 unit. */
  readonly #specialStarts = new Uint8Array(0x1_0000);
  readonly #pieces: Int32Array<ArrayBuffer>;
  #units = 0;
  #letters = 0;
  #hash = hashSeed;
  /** Where the ids of the text at hand must end. */
  #limit = 0;
  #overflowed = false;

  constructor(definition: WordPieceDefinition) {
    this.padId = definition.padId;
    this.#definition = definition;
    this.#normalizer = new BertNormalizer(definition.normalizer);
    this.#trie = new VocabularyTrie(definition.vocabulary, definition.continuationPrefix);
    this.#word = new Uint16Array((definition.maxLettersPerWord + 1) * unitsPerLetter);
    this.#pieces = new Int32Array(this.#word.length);
    for (const { text } of definition.specialTokens) {
      this.#specialStarts[text.charCodeAt(0)] = 1;
    }
  }

  encode(texts: readonly string[], options: { readonly maxTokens: number }): Tokens {
    const { prefix, suffix } = this.#definition;
    const maxTokens = checkMaxTokens(options.maxTokens, prefix.length + suffix.length);
    const sink = this.#sink;
    sink.begin(texts.length);
    for (let index = 0; index < texts.length; index += 1) {
      const text = checkText(texts[index], index);
      sink.reserve(maxTokensOf(text, maxTokens) + prefix.length + suffix.length);
      for (const id of prefix) {
        sink.ids[sink.length++] = id;
      }
      this.#limit = sink.length + maxTokens - prefix.length - suffix.length;
      this.#overflowed = false;
      this.#encodeText(text);
      for (const id of suffix) {
        sink.ids[sink.length++] = id;
      }
      sink.endText(this.#overflowed);
    }
    return sink.finish();
  }

  #encodeText(text: string): void {
    const basic = this.#normalizer.basic;
    const specialStarts = this.#specialStarts;
    const word = this.#word;
    const maxLetters = this.#definition.maxLettersPerWord;
    this.#startWord();
    for (let index = 0; index < text.length && !this.#overflowed; index += 1) {
      const unit = text.charCodeAt(index);
      if (specialStarts[unit] === 1) {
        const taken = this.#takeSpecial(text, index);
        if (taken > 0) {
          index += taken - 1;
          continue;
        }
      }
      const fate = basic[unit]!;
      if (fate > 0 && fate < 0xd800 && this.#letters <= maxLetters) {
        word[this.#units++] = fate;
        this.#letters += 1;
        this.#hash = Math.imul(this.#hash ^ fate, hashPrime);
      } else if (fate === space) {
        this.#endWord();
      } else if (fate === unknown) {
        const codePoint = wellFormed(text, index);
        index += codePoint > 0xffff ? 1 : 0;
        this.#apply(this.#normalizer.fate(codePoint));
      } else {
        this.#apply(fate);
      }
    }
    this.#endWord();
  }

  #apply(fate: number): void {
    if (fate > 0) {
      this.#addLetter(fate);
    } else if (fate === space) {
      this.#endWord();
    } else if (fate <= sequenceBase) {
      for (const part of this.#normalizer.sequences[sequenceBase - fate] ?? []) {
        this.#apply(part);
      }
    } else if (fate !== drop) {
      this.#endWord();
      this.#addLetter(punctuationBase - fate);
      this.#endWord();
    }
  }

  #addLetter(codePoint: number): void {
    if (this.#letters > this.#definition.maxLettersPerWord) {
      return;
    }
    this.#letters += 1;
    if (codePoint > 0xffff) {
      this.#addUnit(0xd800 + ((codePoint - 0x1_0000) >> 10));
      this.#addUnit(0xdc00 + ((codePoint - 0x1_0000) & 0x3ff));
    } else {
      this.#addUnit(codePoint);
    }
  }

  #addUnit(unit: number): void {
    this.#word[this.#units++] = unit;
    this.#hash = Math.imul(this.#hash ^ unit, hashPrime);
  }

  #startWord(): void {
    this.#units = 0;
    this.#letters = 0;
    this.#hash = hashSeed;
  }

  #endWord(): void {
    const units = this.#units;
    if (units === 0 || this.#overflowed) {
      return;
    }
    if (this.#letters > this.#definition.maxLettersPerWord) {
      this.#emit(this.#definition.unknownId);
    } else {
      const cached = this.#cache.find(this.#word, units, this.#hash);
      if (cached >= 0) {
        this.#emitCached(cached, this.#cache.found);
      } else {
        this.#splitWord(units);
      }
    }
    this.#startWord();
  }

  #emit(id: number): void {
    if (this.#sink.length === this.#limit) {
      this.#overflowed = true;
    } else {
      this.#sink.ids[this.#sink.length++] = id;
    }
  }

  #emitCached(first: number, count: number): void {
    const { ids } = this.#cache;
    for (let index = first; index < first + count; index += 1) {
      this.#emit(ids[index]!);
    }
  }

  /** Greedy longest-match-first; a word with a part that is no token becomes the unknown token as a whole. */
  #splitWord(units: number): void {
    const pieces = this.#pieces;
    let count = 0;
    for (let start = 0; start < units; start += this.#trie.matched) {
      const root = start === 0 ? VocabularyTrie.wordRoot : VocabularyTrie.continuationRoot;
      const id = this.#trie.longest(root, this.#word, start, units);
      if (id < 0) {
        pieces[0] = this.#definition.unknownId;
        count = 1;
        break;
      }
      pieces[count++] = id;
    }
    this.#cache.add(this.#word, units, this.#hash, pieces, 0, count);
    for (let index = 0; index < count; index += 1) {
      this.#emit(pieces[index]!);
    }
  }

  /** Units of the longest special token at `index`, which it emits; 0 if there is none. */
  #takeSpecial(text: string, index: number): number {
    for (const special of this.#definition.specialTokens) {
      if (text.startsWith(special.text, index)) {
        this.#endWord();
        this.#emit(special.id);
        return special.text.length;
      }
    }
    return 0;
  }
}

/** Upper bound of the ids of a text: a code point that decomposes makes at most a few, and never more than asked. */
function maxTokensOf(text: string, maxTokens: number): number {
  return Math.min(maxTokens, text.length * 4);
}

/** The code point at `index`; U+FFFD for a surrogate without its partner. */
function wellFormed(text: string, index: number): number {
  const codePoint = text.codePointAt(index) ?? 0xfffd;
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
}
