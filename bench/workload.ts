/** Texts to embed, reproducible by seed. */
import { readFile } from 'node:fs/promises';
import type { Tokenizer } from '../models/contract.ts';
import { seeded, shuffled } from './harness/random.ts';

export interface Workload {
  readonly question: string;
  readonly texts: readonly string[];
  /** Special tokens included, padding not. */
  readonly tokens: number;
}

export interface WorkloadOptions {
  readonly tokenizer: Tokenizer;
  readonly maxTokens: number;
  /** About how many tokens the texts have together. */
  readonly budget: number;
  readonly seed: number;
}

const corpus = new URL('../data/factbook.jsonl', import.meta.url);

/** Passages of the demo corpus, of all lengths, in no order. */
export async function mixedLengths({ tokenizer, maxTokens, budget, seed }: WorkloadOptions): Promise<Workload> {
  const lines = (await readFile(corpus, 'utf8')).trimEnd().split('\n');
  const passages = shuffled(lines, seeded(seed)).map((line) => (JSON.parse(line) as { readonly text: string }).text);
  const { offsets } = tokenizer.encode(passages, { maxTokens });
  const past = offsets.findIndex((offset) => offset >= budget);
  const count = past === -1 ? passages.length : past;
  return {
    question: `embed ${count} passages of mixed lengths`,
    texts: passages.slice(0, count),
    tokens: offsets[count] ?? 0,
  };
}

/** Texts of exactly `width` tokens each, all different. */
export function fixedLength(width: number, { tokenizer, maxTokens, budget, seed }: WorkloadOptions): Workload {
  const random = seeded(seed + width);
  const count = Math.max(1, Math.round(budget / width));
  const texts = Array.from({ length: count }, () =>
    Array.from({ length: width - 2 }, () => words[Math.floor(random() * words.length)]).join(' '),
  );
  const { offsets } = tokenizer.encode(texts, { maxTokens });
  const stray = texts.findIndex((_, index) => (offsets[index + 1] ?? 0) - (offsets[index] ?? 0) !== width);
  if (stray !== -1) {
    throw new Error(`Expected ${width} tokens of ${JSON.stringify(texts[stray])}: these words are not one token each.`);
  }
  return { question: `embed ${count} texts of ${width} tokens`, texts, tokens: count * width };
}

/** Each is one token of BERT's vocabulary. */
const words = (
  'time year people way day man thing woman life child world school state family student group country problem hand ' +
  'part place case week company system program question work government number night point home water room mother ' +
  'area money story fact month lot right study book eye job word business issue side kind head house service friend ' +
  'father power hour game line end member law car city community name president team minute idea body information ' +
  'back parent face others level office door health person art war history party result change morning reason ' +
  'research girl guy moment air teacher force education'
).split(' ');
