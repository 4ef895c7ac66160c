import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { rowsOf } from './tables.ts';

const repository = join(import.meta.dirname, '../..');
const rows = rowsOf(readFileSync(join(repository, 'docs/map.md'), 'utf8'), '## When something fails');
const titles = globSync('test/faults/*.test.ts', { cwd: repository }).flatMap((path) =>
  [...readFileSync(join(repository, path), 'utf8').matchAll(/^row\((?<quote>['"])(?<title>.+)\k<quote>, /gmv)].map(
    ({ groups }) => groups?.['title'] ?? '',
  ),
);

test('each failure of docs/map.md has a test of that title, and each test its row', (t) => {
  t.true(rows.length > 0);
  t.deepEqual(rows.map(([what]) => what ?? '').toSorted(), titles.toSorted());
});

test('docs/map.md says what happens at each failure, and what time is lost', (t) => {
  for (const [what, happens, , lost] of rows) {
    t.truthy(happens, what);
    t.truthy(lost, what);
  }
});
