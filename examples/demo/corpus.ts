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
  const passages = passagesOf(args);
  const corpus = await readFile(new URL('../../data/factbook.jsonl', import.meta.url), 'utf8');
  const rows = corpus.trim().split('\n');
  const count = passages === undefined ? rows.length : Number(passages);
  if (!Number.isInteger(count) || count < 1 || count > rows.length) {
    refuse(`expected --passages to be a whole number from 1 to ${rows.length}, got ${passages}`);
  }
  return Array.from({ length: count }, (_, index) => {
    const row = rows[Math.floor((index * rows.length) / count)] ?? '';
    return JSON.parse(row) as Passage;
  });
}

function passagesOf(args: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...args], options: { passages: { type: 'string' } } }).values.passages;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** A mistake in the command line needs a sentence and no stack. */
function refuse(message: string): never {
  console.error(`${message}\nusage: npm run demo -- [--passages N]`);
  process.exit(2);
}
