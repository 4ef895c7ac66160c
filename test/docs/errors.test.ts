import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { firstCells } from './tables.ts';

const repository = join(import.meta.dirname, '../..');
const page = readFileSync(join(repository, 'docs/errors.md'), 'utf8');
const sources = globSync('{kernels,models,core,shard,server,sdk,cli}/**/*.ts', { cwd: repository });

interface Union {
  readonly error: string;
  readonly codes: readonly string[];
}

/** Every `type …ErrorCode = 'A' | 'B';` of the sources. */
const unions = sources.flatMap((path): Union[] => {
  const source = readFileSync(join(repository, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gmv, '');
  return [...source.matchAll(/^export type (?<name>\w+Error)Code =(?<union>[^;]+);/gmv)].map(({ groups }) => ({
    error: groups?.['name'] ?? '',
    codes: [...(groups?.['union'] ?? '').matchAll(/'(?<code>[A-Z_]+)'/gv)].map((code) => code.groups?.['code'] ?? ''),
  }));
});

const codesAreDocumented = test.macro({
  title: (_, union: Union) => `docs/errors.md explains every code of ${union.error}, and no other`,
  exec(t, { error, codes }: Union) {
    t.true(codes.length > 0);
    t.deepEqual(firstCells(page, `## \`${error}\``).toSorted(), codes.toSorted());
  },
});

for (const union of unions) test(codesAreDocumented, union);

test('docs/errors.md explains no error that does not exist', (t) => {
  const explained = [...page.matchAll(/^## `(?<error>\w+)`$/gmv)].map((heading) => heading.groups?.['error'] ?? '');
  t.deepEqual(explained.toSorted(), unions.map(({ error }) => error).toSorted());
});
