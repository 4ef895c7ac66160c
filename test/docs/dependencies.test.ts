import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import manifest from '../../package.json' with { type: 'json' };
import { firstCells } from './tables.ts';

const repository = join(import.meta.dirname, '../..');
const page = await readFile(join(repository, 'docs/dependencies.md'), 'utf8');

test('every dependency is justified, and nothing else', (t) => {
  t.deepEqual(firstCells(page, '## What a user installs'), Object.keys(manifest.dependencies).toSorted());
});

test('every optional peer is justified, and each of them is optional', (t) => {
  const peers = Object.keys(manifest.peerDependencies).toSorted();
  t.deepEqual(firstCells(page, '## What a user may add'), peers);
  t.deepEqual(Object.keys(manifest.peerDependenciesMeta).toSorted(), peers);
});

test('every development dependency is justified, and nothing else', (t) => {
  t.deepEqual(
    firstCells(page, '## What a developer installs besides'),
    Object.keys(manifest.devDependencies).toSorted(),
  );
});

test('every dependency is pinned exactly', (t) => {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/v.test(version),
  );
  t.deepEqual(ranges, []);
});

test('the lockfile names no registry, so it installs through any', async (t) => {
  const lockfile = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const resolved = Object.entries(lockfile.packages).filter(([, entry]) => entry.resolved !== undefined);
  t.deepEqual(resolved, []);
});

test('the lockfile holds the binaries of every platform, so it installs on any', async (t) => {
  const { packages } = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
    ),
  );
  t.deepEqual(missing, []);
});
