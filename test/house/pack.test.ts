/** The package as a stranger gets it: packed, and installed from its tarball into an empty project. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import manifest from '../../package.json' with { type: 'json' };
import { writeTinyModel } from '../fixtures/tinyModel.ts';

const test = anyTest as TestFn<{ readonly project: string; readonly installed: string; readonly model: string }>;
const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Without what `npm test` says of this repository, which would lead the npm of the empty project back here. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(?:cache|cafile|registry|userconfig|globalconfig)$)/iv.test(name),
  ),
);
environment['ONNXRUNTIME_NODE_INSTALL'] = 'skip';
// The command asks for `node`, which must be the one that runs this test.
environment['PATH'] = [dirname(process.execPath), process.env['PATH']].join(delimiter);

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
  await copyFile(join(import.meta.dirname, 'fixtures/strangerMain.ts'), join(project, 'stranger.ts'));
  const model = await writeTinyModel(join(project, 'tiny'));
  Object.assign(t.context as object, { project, installed: join(project, 'node_modules/warpmap'), model });
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

test('an import gives all that this repository exports', async (t) => {
  const exported = Object.keys(await import('warpmap')).toSorted();
  const program = `console.log(JSON.stringify(Object.keys(await import('warpmap')).sort()));`;
  const { stdout } = await node(t.context.project, '--input-type=module', '--eval', program);
  t.deepEqual(JSON.parse(stdout), exported);
});

test('a program passes the strictest compiler, declarations of the package included', async (t) => {
  const { project } = t.context;
  const options = { target: 'es2024', lib: ['es2024', 'esnext.disposable'], module: 'nodenext', types: ['node'] };
  const compilerOptions = { ...options, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  const config = { compilerOptions: { ...compilerOptions, noEmit: true }, files: ['stranger.ts'] };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
  // A stranger who writes TypeScript for Node has these.
  await mkdir(join(project, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    await symlink(join(repository, 'node_modules', name), join(project, 'node_modules', name));
  }
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const checked = await node(project, tsc).catch((error: { readonly stdout: string }) => error);
  t.is(checked.stdout, '');
});

interface Found {
  readonly url: string;
  readonly device: { readonly kind: string; readonly software: boolean };
}

const found = { vectors: [4, 32], failed: 1, best: [0, 3], closest: 2 };

test('a program embeds and searches in its own process', async (t) => {
  const { stdout } = await node(t.context.project, 'stranger.ts', 'cpu', t.context.model);
  t.like(JSON.parse(stdout), { url: 'local', device: { kind: 'cpu' }, ...found });
});

test('a program starts the server that was installed, which is gone with it', async (t) => {
  const { stdout } = await node(t.context.project, 'stranger.ts', 'connect', t.context.model);
  const answer = JSON.parse(stdout) as Found;
  t.like(answer, { device: { kind: 'cpu' }, ...found });
  t.regex(answer.url, /^http:\/\/127\.0\.0\.1:\d+$/v);
  await t.throwsAsync(fetch(answer.url));
});

test('a program searches with the shaders that were installed', async (t) => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    t.log('skipped: the emulated GPU comes for linux-x64 only');
    t.pass();
    return;
  }
  t.timeout(120_000);
  const { project, model } = t.context;
  // As `npm install --save-dev @sparticuz/chromium` would have it, which `warpmap doctor` suggests.
  await symlink(join(repository, 'node_modules/@sparticuz'), join(project, 'node_modules/@sparticuz'));
  const { stdout } = await node(project, 'stranger.ts', 'software', model);
  t.like(JSON.parse(stdout), { device: { kind: 'webgpu', software: true }, ...found });
});

async function node(project: string, ...words: readonly string[]): Promise<{ readonly stdout: string }> {
  return await run(process.execPath, words, { cwd: project, env: environment });
}

async function warpmap(project: string, ...words: readonly string[]): Promise<{ readonly stdout: string }> {
  return await run(join(project, 'node_modules/.bin/warpmap'), words, { cwd: project, env: environment });
}
