/** What the documents show works: every TypeScript sample type-checks, and those marked `run` run. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { type Sample, matches, samplesIn } from './samples.ts';

const test = anyTest as TestFn<{ readonly folder: string; readonly complaints: readonly string[] }>;
const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);

const samples = globSync('{README.md,docs/*.md}', { cwd: repository })
  .toSorted()
  .flatMap((path) => samplesIn(path.replace('docs/', ''), readFileSync(join(repository, path), 'utf8')));
const programs = samples.filter(({ language }) => language === 'ts');
const scripts = samples.filter(({ language, runs }) => language === 'sh' && runs);

// Inside the repository, so that `warpmap` is this package and the other imports are its dependencies.
test.before(async (t) => {
  t.timeout(180_000);
  await mkdir(join(repository, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(repository, '.cache/samples-'));
  Object.assign(t.context as object, { folder, complaints: [] });
  for (const { name, text } of programs) await writeFile(join(folder, `${name}.ts`), `${text}\nexport {};\n`);
  const command = `#!/bin/sh\nexec node --conditions=warpmap:source '${repository}/cli/main.ts' "$@"\n`;
  await writeFile(join(folder, 'warpmap'), command, { mode: 0o755 });
  if (programs.length === 0) return;
  const config = { extends: '../../tsconfig.json', compilerOptions: { noUnusedLocals: false }, include: ['*.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  // What is wrong with the house itself, `npm run typecheck` tells.
  const names = new Set<string | undefined>(programs.map(({ name }) => `${name}.ts`));
  const { stdout } = await run(process.execPath, [tsc], { cwd: folder }).catch((error: { stdout: string }) => error);
  Object.assign(t.context as object, {
    complaints: stdout.split('\n').filter((line) => names.has(line.split('(')[0])),
  });
});

test.after.always(async (t) => {
  if (t.context.folder !== undefined) await rm(t.context.folder, { recursive: true });
});

test('samples are found, with their language, their mark and what they print', (t) => {
  const markdown = '# A\n\n```ts\na;\n```\n\n```ts run\nb;\n```\n\n```text\n1 …\n```\n\ntext\n\n```sh\nc\n```\n';
  t.deepEqual(samplesIn('a.md', markdown), [
    { name: 'a-1', language: 'ts', runs: false, text: 'a;\n', prints: undefined },
    { name: 'a-2', language: 'ts', runs: true, text: 'b;\n', prints: '1 …\n' },
    { name: 'a-3', language: 'sh', runs: false, text: 'c\n', prints: undefined },
  ]);
  t.true(matches('1 second\n', '1 …\n'));
  t.false(matches('2 seconds\n', '1 …\n'));
});

test('every sample in TypeScript passes the compiler', (t) => {
  t.deepEqual(t.context.complaints, []);
});

const works = test.macro({
  title: (_, { name, language }: Sample) => `the ${language} sample ${name} runs, and prints what it shows`,
  async exec(t, { name, language, text, prints }: Sample) {
    t.timeout(120_000);
    const { folder } = t.context;
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const { stdout } =
      language === 'ts'
        ? await run(process.execPath, ['--conditions=warpmap:source', join(folder, `${name}.ts`)], { cwd: folder, env })
        : await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env });
    if (prints === undefined) t.pass();
    else t.true(matches(stdout, prints), `It printed:\n${stdout}`);
  },
});

for (const program of programs.filter(({ runs }) => runs)) test.serial(works, program);
for (const script of scripts) test.serial(works, script);
