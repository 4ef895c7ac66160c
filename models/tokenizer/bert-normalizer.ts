import { decomposesLater, dropped, nonspacingMarks, punctuation } from './unicode-tables.ts';

/** As `tokenizer.json` states it, with `strip_accents` resolved; `clean_text` is taken as given. */
export interface BertNormalizerOptions {
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/**
 * What becomes of one code point, as one integer:
 * a positive number is a letter (the code point that it becomes); the others are below.
 */
export type Fate = number;
/** Not looked up yet, or half of a surrogate pair. */
export const unknown: Fate = 0;
export const drop: Fate = -1;
export const space: Fate = -2;
/** Fates from here down to `sequenceBase + 1` are punctuation: `punctuationBase - code point`. */
export const punctuationBase: Fate = -0x10;
/** Fates from here down are several fates: `sequenceBase - index into sequences`. */
export const sequenceBase: Fate = -0x20_0000;

const whiteSpace = /\p{White_Space}/u;
/** The blocks that the reference pads with spaces; the last two begin and end oddly there, and so they do here. */
const chinese = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x2_0000, 0x2_a6df],
  [0x2_a700, 0x2_b81f],
  [0x2_b920, 0x2_ceaf],
  [0x2_f800, 0x2_fa1f],
] as const;

/**
 * BERT's normaliser and pre-tokeniser for one code point at a time: clean, pad CJK, strip accents (canonical
 * decomposition without nonspacing marks), lowercase, and then split at spaces and punctuation.
 *
 * Treating code points alone is exact but for one thing: decomposition also reorders combining marks. Those are
 * nearly all stripped; the dozen that are not (Hangul tone marks, stems of musical notes) are left in their order.
 */
export class BertNormalizer {
  readonly sequences: (readonly Fate[])[] = [];
  readonly #options: BertNormalizerOptions;
  readonly #basic: Int32Array<ArrayBuffer> = new Int32Array(0x1_0000);
  readonly #astral = new Map<number, Fate>();

  constructor(options: BertNormalizerOptions) {
    this.#options = options;
  }

  /** Fates of the basic plane, `unknown` until first asked for: the hot loop reads it directly. */
  get basic(): Int32Array<ArrayBuffer> {
    return this.#basic;
  }

  fate(codePoint: number): Fate {
    if (codePoint < 0x1_0000) {
      return (this.#basic[codePoint] ||= this.#compute(codePoint));
    }
    let fate = this.#astral.get(codePoint);
    if (fate === undefined) {
      fate = this.#compute(codePoint);
      this.#astral.set(codePoint, fate);
    }
    return fate;
  }

  #compute(codePoint: number): Fate {
    const fates = Array.from(this.#normalize(codePoint), classify);
    if (fates.length === 0) {
      return drop;
    }
    if (fates.length === 1) {
      return fates[0] ?? drop;
    }
    this.sequences.push(fates);
    return sequenceBase - (this.sequences.length - 1);
  }

  #normalize(codePoint: number): string {
    let text = String.fromCodePoint(codePoint);
    if (dropped.has(codePoint)) {
      return '';
    }
    if (whiteSpace.test(text)) {
      return ' ';
    }
    const padded = this.#options.handleChineseChars && isChinese(codePoint);
    if (this.#options.stripAccents) {
      const decomposed = decomposesLater.has(codePoint) ? text : text.normalize('NFD');
      text = Array.from(decomposed)
        .filter((character) => !nonspacingMarks.has(character.codePointAt(0) ?? 0))
        .join('');
    }
    if (this.#options.lowercase) {
      // One character at a time, so that a final sigma is not told from any other.
      text = Array.from(text, (character) => character.toLowerCase()).join('');
    }
    return padded ? ` ${text} ` : text;
  }
}

function classify(character: string): Fate {
  const codePoint = character.codePointAt(0) ?? 0;
  if (whiteSpace.test(character)) {
    return space;
  }
  return punctuation.has(codePoint) ? punctuationBase - codePoint : codePoint;
}

function isChinese(codePoint: number): boolean {
  return chinese.some(([first, last]) => codePoint >= first && codePoint <= last);
}
