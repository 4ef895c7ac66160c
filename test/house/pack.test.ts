/** The package as a stranger gets it: packed, and installed from its tarball into an empty project. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import manifest from '../../package.json' with { type: 'json' };

const test = anyTest as TestFn<{ readonly project: string; readonly installed: string }>;
const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Without what `npm test` says of this repository, which would lead the npm of the empty project back here. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(?:cache|cafile|registry|userconfig|globalconfig)$)/iv.test(name),
  ),
);
environment['ONNXRUNTIME_NODE_INSTALL'] = 'skip';

test.before(async (t) => {
  t.timeout(240_000);
  const project = await mkdtemp(join(tmpdir(), 'warpmap-pack-'));
  await run('npm', ['run', 'build'], { cwd: repository });
  const packing = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const { stdout } = await run('npm', packing, { cwd: repository, env: environment });
  const [tarball] = JSON.parse(stdout) as readonly { readonly filename: string }[];
  await writeFile(join(project, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball?.filename}`], {
    cwd: project,
    env: environment,
  });
  Object.assign(t.context as object, { project, installed: join(project, 'node_modules/warpmap') });
});

test.after.always(async (t) => {
  if (t.context.project !== undefined) await rm(t.context.project, { recursive: true, force: true });
});

test('the command prints its version', async (t) => {
  const { stdout } = await warpmap(t.context.project, '--version');
  t.is(stdout.trim(), manifest.version);
});

test('the doctor finds the CPU', async (t) => {
  const { stdout } = await warpmap(t.context.project, 'doctor', '--json');
  t.regex(stdout, /"kind":\s*"cpu"/v);
});

test('every shader and other asset lies beside the code that reads it', (t) => {
  const folders = '{kernels,models,core,shard,server,sdk,cli}';
  const assets = globSync(`${folders}/**/*.*`, { cwd: repository, exclude: ['**/*.ts'] });
  const shipped = globSync(`${folders}/**/*.*`, { cwd: join(t.context.installed, 'dist'), exclude: compiled });
  t.deepEqual(shipped.toSorted(), assets.toSorted());
});

const compiled = ['**/*.js', '**/*.js.map', '**/*.d.ts', '**/*.d.ts.map'];

test('source maps lead to sources that are in the package', async (t) => {
  const maps = globSync('dist/**/*.map', { cwd: t.context.installed });
  t.true(maps.length > 0);
  const shipped = new Set(globSync('**/*.ts', { cwd: t.context.installed }));
  for (const map of maps) {
    const { sources } = JSON.parse(await readFile(join(t.context.installed, map), 'utf8')) as { sources: string[] };
    for (const source of sources) {
      const path = normalize(join(dirname(map), source));
      if (!shipped.has(path)) t.fail(`${map} leads to ${path}, which is not in the package`);
    }
  }
});

test('nothing but the house is shipped', (t) => {
  const foreign = globSync('{test,bench,examples,scripts,data,.ci}/**', { cwd: t.context.installed });
  t.deepEqual(foreign, []);
  for (const file of ['LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md']) {
    t.is(globSync(file, { cwd: t.context.installed }).length, 1, `${file} is missing`);
  }
});

test('an import resolves, in Node and in TypeScript', async (t) => {
  const { project } = t.context;
  const exported = Object.keys(await import('warpmap')).toSorted();
  const consumer = `import * as warpmap from 'warpmap';\nconsole.log(JSON.stringify(Object.keys(warpmap).sort()));\n`;
  await writeFile(join(project, 'consumer.ts'), consumer);
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, types: ['node'] },
      files: ['consumer.ts'],
    }),
  );
  await mkdir(join(project, 'node_modules/@types'), { recursive: true });
  await symlink(join(repository, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  await symlink(join(repository, 'node_modules/undici-types'), join(project, 'node_modules/undici-types'));

  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const checked = await run(process.execPath, [tsc], { cwd: project }).catch((error: { stdout: string }) => error);
  t.is(checked.stdout, '');
  const { stdout } = await run(process.execPath, ['consumer.ts'], { cwd: project, env: environment });
  t.deepEqual(JSON.parse(stdout), exported);
});

async function warpmap(project: string, ...words: readonly string[]): Promise<{ readonly stdout: string }> {
  return await run(join(project, 'node_modules/.bin/warpmap'), words, { cwd: project, env: environment });
}
