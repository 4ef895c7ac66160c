import type { BertNormalizerOptions } from './bert-normalizer.ts';
import { isRecord, type AddedTokenJson, type TokenizerJson } from './json.ts';
import { framing } from './framing.ts';
import { padId } from './pad-id.ts';

export interface SpecialToken {
  readonly text: string;
  readonly id: number;
}

/** All that a plain BERT WordPiece tokenizer needs. */
export interface WordPieceDefinition {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly continuationPrefix: string;
  readonly maxLettersPerWord: number;
  readonly unknownId: number;
  readonly padId: number;
  readonly normalizer: BertNormalizerOptions;
  /** Taken from the text before it is normalised; longest first. */
  readonly specialTokens: readonly SpecialToken[];
  /** Ids put before and after the ids of a text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** The definition, or `undefined` where `tokenizer.json` asks for anything that the fast path does not do. */
export function wordPieceDefinition(json: TokenizerJson): WordPieceDefinition | undefined {
  const { model, normalizer } = json;
  const added = json.added_tokens ?? [];
  if (
    (model.type !== undefined && model.type !== 'WordPiece') ||
    normalizer?.type !== 'BertNormalizer' ||
    normalizer['clean_text'] === false ||
    json.pre_tokenizer?.type !== 'BertPreTokenizer' ||
    !isRecord(model.vocab) ||
    typeof model.unk_token !== 'string' ||
    typeof model.continuing_subword_prefix !== 'string' ||
    typeof model.max_input_chars_per_word !== 'number' ||
    model.max_input_chars_per_word > 1000 ||
    !added.every(isPlain)
  ) {
    return undefined;
  }
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(model.vocab)) {
    if (typeof id !== 'number') {
      return undefined;
    }
    vocabulary.set(token, id);
  }
  const unknownId = vocabulary.get(model.unk_token);
  const frame = framing(json);
  if (unknownId === undefined || frame === undefined) {
    return undefined;
  }
  return {
    vocabulary,
    continuationPrefix: model.continuing_subword_prefix,
    maxLettersPerWord: model.max_input_chars_per_word,
    unknownId,
    padId: padId(json),
    normalizer: normalizerOptions(normalizer),
    specialTokens: added
      .map(({ content, id }) => ({ text: content, id }))
      .toSorted((one, other) => other.text.length - one.text.length),
    ...frame,
  };
}

function isPlain(token: AddedTokenJson): boolean {
  return (
    token.content !== '' &&
    token.normalized === false &&
    token.single_word !== true &&
    token.lstrip !== true &&
    token.rstrip !== true
  );
}

function normalizerOptions(json: Readonly<Record<string, unknown>>): BertNormalizerOptions {
  const lowercase = json['lowercase'] !== false;
  const stripAccents = json['strip_accents'];
  return {
    handleChineseChars: json['handle_chinese_chars'] !== false,
    // Left open, it follows `lowercase`.
    stripAccents: typeof stripAccents === 'boolean' ? stripAccents : lowercase,
    lowercase,
  };
}
