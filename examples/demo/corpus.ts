import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

export interface Passage {
  readonly id: string;
  readonly country: string;
  readonly topic: string;
  readonly text: string;
}

/** The passages of The World Factbook; with `--passages N` only N of them, evenly from all over the corpus. */
export async function readCorpus(args: readonly string[]): Promise<readonly Passage[]> {
  const { values } = parseArgs({ args: [...args], options: { passages: { type: 'string' } } });
  const corpus = await readFile(new URL('../../data/factbook.jsonl', import.meta.url), 'utf8');
  const rows = corpus.trim().split('\n');
  const count = values.passages === undefined ? rows.length : Number(values.passages);
  if (!Number.isInteger(count) || count < 1 || count > rows.length) {
    throw new RangeError(`expected --passages to be a whole number from 1 to ${rows.length}, got ${values.passages}`);
  }
  return Array.from({ length: count }, (_, index) => {
    const row = rows[Math.floor((index * rows.length) / count)] ?? '';
    return JSON.parse(row) as Passage;
  });
}
