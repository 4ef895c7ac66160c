/**
 * Fetches Mesa's lavapipe, an emulated GPU with more features than SwiftShader, for the tests of kernels: out of Debian's
 * packages into the cache folder of this checkout. It installs nothing, and asks the archive that this machine's own
 * sources name. Releases that are there already are left alone; delete the folder to fetch newer ones.
 *
 *     npm run drivers -- [--seconds 600] [lavapipe-25] [lavapipe-26]
 */
import { execFile } from 'node:child_process';
import { glob, link, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { driversFolder, type LavapipeName } from '../test/kernels/lavapipe.ts';

/** Suites that have the release and what it needs; the first is preferred. */
const SUITES: Readonly<Record<LavapipeName, readonly string[]>> = {
  'lavapipe-25': ['bookworm-backports', 'bookworm'],
  'lavapipe-26': ['sid'],
};
const DRIVER = 'libvulkan_lvp.so';
/** What else the packages bring: drivers of real GPUs. */
const OTHERS = /\/lib(?:vulkan_(?!lvp)|VkLayer_)[^/]*$/;
const NAMES = Object.keys(SUITES) as LavapipeName[];

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '600' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !NAMES.includes(name as LavapipeName));
if (unknown !== undefined || !(Number(values.seconds) > 0)) {
  console.error(
    `Expected drivers of ${NAMES.join(', ')} and --seconds of more than 0; got ${process.argv.slice(2).join(' ')}.`,
  );
  process.exit(2);
}
const signal = AbortSignal.timeout(Number(values.seconds) * 1000);

for (const name of positionals.length > 0 ? (positionals as LavapipeName[]) : NAMES) {
  const place = path.join(driversFolder, name);
  if (existsSync(place)) {
    console.log(`${name} is in ${place}`);
    continue;
  }
  try {
    await install(name, place);
    console.log(`${name} was unpacked into ${place}`);
  } catch (error) {
    const reason = signal.aborted ? `it took longer than ${values.seconds} s` : (error as Error).message.trim();
    console.error(`${name} could not be fetched: ${reason}`);
    process.exitCode = 1;
  }
}

async function install(name: LavapipeName, place: string): Promise<void> {
  await mkdir(driversFolder, { recursive: true });
  const work = await mkdtemp(path.join(driversFolder, `${name}.`));
  try {
    const packages = await download(work, SUITES[name]);
    const root = path.join(work, 'root');
    for (const file of packages) await run('dpkg-deb', ['-x', file, root]);
    const draft = path.join(work, 'draft');
    await gather(root, draft);
    await writeFile(path.join(draft, 'icd.json'), manifest(path.join(place, DRIVER)));
    const versions = packages.map((file) => path.basename(file, '.deb')).toSorted();
    await writeFile(path.join(draft, 'packages.txt'), `${versions.join('\n')}\n`);
    await rename(draft, place);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The packages of the driver and of all that it needs, with a state of apt of its own. */
async function download(work: string, suites: readonly string[]): Promise<string[]> {
  const archives = path.join(work, 'cache/archives');
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'etc/apt.conf.d', 'etc/sources.list.d']) {
    await mkdir(path.join(work, folder), { recursive: true });
  }
  const { uri, signedBy } = await archive();
  await writeFile(
    path.join(work, 'etc/sources.list.d/debian.sources'),
    `Types: deb\nURIs: ${uri}\nSuites: ${suites.join(' ')}\nComponents: main\n${signedBy}\n`,
  );
  await writeFile(path.join(work, 'state/status'), '');
  const configuration = path.join(work, 'apt.conf');
  // Of the machine's own settings only how to reach the network; its hooks are for its own packages.
  const proxies = await Promise.all(['http', 'https'].map((kind) => run('apt-config', ['dump', `Acquire::${kind}`])));
  await writeFile(
    configuration,
    `Dir::State "${work}/state";
Dir::State::status "${work}/state/status";
Dir::Cache "${work}/cache";
Dir::Etc "${work}/etc";
Dir::Etc::parts "${work}/etc/apt.conf.d";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false"; // A mirror may lag behind; what it has is signed all the same.
Acquire::Retries "2";
${proxies.join('\n')}`,
  );
  const env = { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' };
  await run('apt-get', ['update', '--quiet', '--error-on=any'], env);
  const options = ['--yes', '--quiet', '--download-only', '--no-install-recommends'];
  await run(
    'apt-get',
    ['install', ...options, '--target-release', suites[0] ?? '', 'mesa-vulkan-drivers', 'libvulkan1'],
    env,
  );
  return Array.fromAsync(glob(path.join(archives, '*.deb')));
}

/** Where this machine gets Debian from, and how it knows that it is Debian. */
async function archive(): Promise<{ readonly uri: string; readonly signedBy: string }> {
  for await (const file of glob('/etc/apt/sources.list.d/*.sources')) {
    for (const source of (await readFile(file, 'utf8')).split(/\n\s*\n/)) {
      const uri = /^URIs:\s*(\S+\/debian)\/?(?:\s|$)/m.exec(source)?.[1];
      if (uri !== undefined) return { uri, signedBy: /^Signed-By:.*$/m.exec(source)?.[0] ?? '' };
    }
  }
  for await (const file of glob('/etc/apt/{sources.list,sources.list.d/*.list}')) {
    const uri = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(await readFile(file, 'utf8'))?.[1];
    if (uri !== undefined) return { uri, signedBy: '' };
  }
  throw new Error('the sources of apt on this machine name no archive of Debian');
}

/** All shared libraries of an unpacked root, under each of their names, in one folder. */
async function gather(root: string, to: string): Promise<void> {
  await mkdir(to);
  for await (const file of glob(path.join(root, '{usr/,}lib/{*-linux-gnu,llvm-*/lib}/*.so*'))) {
    // Links out of the root belong to other packages.
    const target = await realpath(file).catch(() => undefined);
    if (target === undefined || !target.startsWith(root) || OTHERS.test(target)) continue;
    await link(target, path.join(to, path.basename(file)));
  }
  if (!existsSync(path.join(to, DRIVER))) throw new Error(`the packages have no ${DRIVER}`);
}

function manifest(library: string): string {
  return `${JSON.stringify({ ICD: { api_version: '1.4.0', library_path: library }, file_format_version: '1.0.1' })}\n`;
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { signal, env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${command} is not on this machine`, { cause: error });
    throw new Error(`${command}: ${stderr?.trim() || (error as Error).message}`, { cause: error });
  }
}
