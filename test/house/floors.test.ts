import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';

const repository = join(import.meta.dirname, '../..');
const oxlint = join(repository, 'node_modules/oxlint/bin/oxlint');

/** What each folder may import, as docs/architecture.md draws it. */
const floors: Readonly<Record<string, readonly string[]>> = {
  kernels: [],
  models: [],
  shard: [],
  core: ['kernels', 'models', 'shard'],
  server: ['core', 'models', 'shard'],
  sdk: ['shard'],
  local: ['core', 'sdk', 'shard'],
  cli: ['kernels', 'models', 'shard', 'core', 'server', 'sdk', 'local'],
};
const folders = [...Object.keys(floors), 'test', 'bench', 'examples', 'scripts'];

interface Finding {
  readonly code: string;
  readonly filename: string;
}

/** Lints these files, and no others, under the configuration of the repository. */
async function lint(files: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const house = await mkdtemp(join(tmpdir(), 'warpmap-floors-'));
  try {
    await cp(join(repository, '.oxlintrc.json'), join(house, '.oxlintrc.json'));
    await cp(join(repository, 'tsconfig.json'), join(house, 'tsconfig.json'));
    await cp(join(repository, 'scripts/lint'), join(house, 'scripts/lint'), { recursive: true });
    await symlink(join(repository, 'node_modules'), join(house, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(house, path)), { recursive: true });
      await writeFile(join(house, path), text);
    }
    const report = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, [oxlint, '--format=json'], { cwd: house }, (error, stdout, stderr) => {
        // 0: clean, 1: findings; anything else is a linter that didn't lint.
        if (error !== null && error.code !== 1) reject(new Error(`oxlint failed: ${stderr || stdout}`));
        else resolve(stdout);
      });
    });
    return (JSON.parse(report) as { readonly diagnostics: readonly Finding[] }).diagnostics;
  } finally {
    await rm(house, { recursive: true });
  }
}

/** A file at the foot of each folder, for the others to import. */
const feet = Object.fromEntries(folders.map((folder) => [`${folder}/foot.ts`, `export const ${folder} = 1;\n`]));
const importOf = (folder: string): string =>
  `import { ${folder} } from '../../${folder}/foot.ts';\nexport const seen: number = ${folder};\n`;

const importsMayGoDown = test.macro({
  title: (_, from: string) =>
    floors[from]?.length
      ? `${from}/ may import ${floors[from].map((to) => `${to}/`).join(', ')} and no other folder`
      : `${from}/ may import no other folder`,
  async exec(t, from: string) {
    const others = folders.filter((folder) => folder !== from);
    const findings = await lint({
      ...feet,
      ...Object.fromEntries(others.map((to) => [`${from}/room/imports-${to}.ts`, importOf(to)])),
    });
    const refused = others.filter((to) =>
      findings.some((finding) => finding.filename.endsWith(`imports-${to}.ts`) && isAboutImports(finding)),
    );
    t.deepEqual(
      refused,
      others.filter((to) => !floors[from]?.includes(to)),
    );
    t.deepEqual(
      findings.filter((finding) => !isAboutImports(finding)),
      [],
    );
  },
});

function isAboutImports(finding: Finding): boolean {
  return finding.code === 'eslint(no-restricted-imports)';
}

for (const floor of Object.keys(floors)) test(importsMayGoDown, floor);

test('no folder enters by the front door', async (t) => {
  const findings = await lint({
    'core/room.ts': `import * as warpmap from 'warpmap';\nexport const seen = warpmap;\n`,
  });
  t.deepEqual(
    findings.map((finding) => finding.code),
    ['eslint(no-restricted-imports)'],
  );
});

test('two rooms that import each other are a circle', async (t) => {
  const findings = await lint({
    'kernels/a.ts': `import { b } from './b.ts';\nexport const a = (): number => b();\n`,
    'kernels/b.ts': `import { a } from './a.ts';\nexport const b = (): number => a();\n`,
  });
  t.deepEqual(
    findings.map((finding) => finding.code),
    ['import(no-cycle)', 'import(no-cycle)'],
  );
});

test('a circle of types alone is a circle', async (t) => {
  const findings = await lint({
    'kernels/a.ts': `import type { B } from './b.ts';\nexport interface A {\n  readonly b: B;\n}\n`,
    'kernels/b.ts': `import type { A } from './a.ts';\nexport interface B {\n  readonly a: A;\n}\n`,
  });
  t.true(findings.length > 0);
  t.true(findings.every((finding) => finding.code === 'import(no-cycle)'));
});

test('an import in one direction passes', async (t) => {
  const findings = await lint({
    'kernels/a.ts': `import type { B } from './b.ts';\nexport interface A {\n  readonly b: B;\n}\n`,
    'kernels/b.ts': `export interface B {\n  readonly size: number;\n}\n`,
  });
  t.deepEqual(findings, []);
});

test('a floor throws its own typed errors', async (t) => {
  const findings = await lint({
    'shard/bare.ts': `export function fail(): never {\n  throw new Error('no code to branch on');\n}\n`,
    'shard/typed.ts': `import { ShardError } from './errors.ts';\nexport function fail(): never {\n  throw new ShardError();\n}\n`,
    'shard/errors.ts': `export class ShardError extends Error {}\n`,
  });
  t.deepEqual(
    findings.map(({ code, filename }) => ({ code, filename })),
    [{ code: 'house(typed-errors)', filename: 'shard/bare.ts' }],
  );
});
