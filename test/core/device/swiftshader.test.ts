import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { installSwiftShader, SWIFTSHADER_PACKAGE, swiftShaderMissing } from '../../../core/device/swiftshader.ts';
import { readTar } from '../../../core/device/tar.ts';

const missing = swiftShaderMissing();
const installed = missing === undefined ? test : test.skip;

installed('processes that install at the same time agree on one complete folder and leave no drafts', async (t) => {
  const cache = await mkdtemp(path.join(os.tmpdir(), 'warpmap-swiftshader-'));
  t.teardown(() => rm(cache, { recursive: true }));
  const module = new URL('../../../core/device/swiftshader.ts', import.meta.url);
  const script = `console.log(JSON.stringify(await (await import(${JSON.stringify(module)})).installSwiftShader(process.argv[1])))`;
  const run = async (): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, cache])).stdout;
  const answers = await Promise.all([run(), run(), run(), run()]);
  t.is(new Set(answers).size, 1);
  const folders = await readdir(cache);
  t.is(folders.length, 1);
  const driver = await installSwiftShader(cache);
  t.is(`${JSON.stringify(driver)}\n`, answers[0]);
  const manifest = JSON.parse(await readFile(driver.manifest, 'utf8')) as {
    ICD: { library_path: string };
  };
  const library = await readFile(path.resolve(path.dirname(driver.manifest), manifest.ICD.library_path));
  t.is(library.subarray(1, 4).toString(), 'ELF');
  t.is((await readFile(driver.loader)).subarray(1, 4).toString(), 'ELF');
});

test('a tar archive gives its regular files', (t) => {
  const header = (name: string, size: number, type: string): Buffer => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write(size.toString(8).padStart(11, '0'), 124);
    block.write(type, 156);
    block.write('ustar', 257);
    return block;
  };
  const body = Buffer.alloc(1024, 'x');
  const files = readTar(
    Buffer.concat([
      header('./a', 513, '0'),
      body,
      header('folder/', 0, '5'),
      header('empty', 0, '0'),
      header('b', 512, '0'),
      body.subarray(0, 512),
      Buffer.alloc(1024),
    ]),
  );
  t.deepEqual(
    [...files].map(([name, bytes]) => [name, bytes.length]),
    [
      ['a', 513],
      ['empty', 0],
      ['b', 512],
    ],
  );
});

installed('a cache that cannot be written is DEVICE_NOT_FOUND and names the variable that moves it', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'warpmap-cache-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  await t.throwsAsync(installSwiftShader(file), { code: 'DEVICE_NOT_FOUND', message: /WARPMAP_CACHE/ });
});

test('where its package is absent, the finding says what to install', async (t) => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'warpmap-without-'));
  t.teardown(() => rm(root, { recursive: true }));
  await cp(new URL('../../../core/device', import.meta.url), path.join(root, 'core/device'), { recursive: true });
  for (const file of ['errors.ts', 'cache-folder.ts']) {
    await cp(new URL(`../../../core/${file}`, import.meta.url), path.join(root, 'core', file));
  }
  await writeFile(path.join(root, 'package.json'), '{"type":"module"}');
  const script = `const { findDevices } = await import('./core/device/index.ts');
    console.log(JSON.stringify(await findDevices({ kinds: ['webgpu'] })))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  const rows = JSON.parse(stdout) as { software?: true; reason: string; mend: string }[];
  t.is(rows.length, 2);
  t.regex(rows[0]?.reason ?? '', /package webgpu does not load/);
  t.true(rows[1]?.software);
  if (process.platform === 'linux' && process.arch === 'x64') {
    t.true(rows[1]?.mend.includes(`npm install --save-dev ${SWIFTSHADER_PACKAGE}`));
  }
});

test('the release to install is the one that this package accepts', async (t) => {
  const manifest = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  const name = '@sparticuz/chromium';
  t.is(SWIFTSHADER_PACKAGE, `${name}@${manifest.peerDependencies[name]}`);
});
