import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { rowsOf } from './tables.ts';

const repository = join(import.meta.dirname, '../..');
const TITLE = /^row\((?<quote>['"])(?<title>.+?)\k<quote>, /gmv;

const tables = [
  { page: 'docs/map.md', tests: 'test/faults/*.test.ts' },
  { page: 'docs/calls.md', tests: 'test/faults/calls/*.test.ts' },
];

for (const { page, tests } of tables) {
  const rows = rowsOf(readFileSync(join(repository, page), 'utf8'), '## When something fails');
  const titles = globSync(tests, { cwd: repository }).flatMap((path) =>
    [...readFileSync(join(repository, path), 'utf8').matchAll(TITLE)].map(({ groups }) => groups?.['title'] ?? ''),
  );

  test(`each failure of ${page} has a test of that title, and each test its row`, (t) => {
    t.true(rows.length > 0);
    t.deepEqual(rows.map(([what]) => what ?? '').toSorted(), titles.toSorted());
  });

  test(`${page} says what happens at each failure, and what time is lost`, (t) => {
    for (const row of rows) {
      t.truthy(row[1], row[0]);
      t.truthy(row.at(-1), row[0]);
    }
  });
}
