import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Declarations } from './declarations.ts';

const run = promisify(execFile);
/** Milliseconds that the compiler may take. */
const LIMIT_MS = 120_000;

/**
 * The declarations of a module and of what it imports of its package, by the TypeScript that is installed there; or why there
 * are none. `root` is the directory of the package.
 */
export async function emitDeclarations(
  file: string,
  root: string,
): Promise<Declarations | { readonly reason: string }> {
  const entry = resolve(file);
  if (!/\.[cm]?tsx?$/v.test(entry)) return { reason: 'the module is no TypeScript' };
  const compiler = compilerFor(entry);
  if (compiler === undefined) return { reason: 'typescript is not installed beside the module' };
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-types-'));
  try {
    const out = join(folder, 'out');
    // Beside the module's own configuration, so that what it extends and names is found from there.
    const settings = {
      ...(configOf(entry) && { extends: configOf(entry) }),
      files: [entry],
      include: [],
      references: [],
      compilerOptions: { ...OPTIONS, rootDir: root, outDir: out, typeRoots: [join(root, 'node_modules/@types')] },
    };
    const config = join(folder, 'tsconfig.json');
    await writeFile(config, JSON.stringify(settings));
    await run(process.execPath, [compiler, '-p', config], { cwd: root, timeout: LIMIT_MS });
    const names = (await readdir(out, { recursive: true })).filter((name) => /\.d\.[cm]?ts$/v.test(name));
    const files = await Promise.all(
      names.map(async (name) => [name.split(sep).join('/'), await readFile(join(out, name), 'utf8')] as const),
    );
    const own = relative(root, entry)
      .split(sep)
      .join('/')
      .replace(/\.([cm]?)tsx?$/v, '.d.$1ts');
    if (!files.some(([name]) => name === own)) return { reason: 'the compiler gave none for the module' };
    return { files: Object.fromEntries(files), entry: own };
  } catch (error) {
    const { stdout = '', message } = error as Error & { readonly stdout?: string };
    const [first = message] = stdout.trim().split('\n');
    return { reason: `the compiler failed: ${first || message}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const OPTIONS = {
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  declarationMap: false,
  composite: false,
  incremental: false,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  // Whoever deploys has other means to check types; what has none becomes `any`.
  noCheck: true,
};

/** The program `tsc` of the nearest TypeScript. */
function compilerFor(entry: string): string | undefined {
  try {
    const manifest = createRequire(entry).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin?: { readonly tsc?: string } };
    return bin?.tsc === undefined ? undefined : join(dirname(manifest), bin.tsc);
  } catch {
    return undefined;
  }
}

/** The nearest `tsconfig.json`. */
function configOf(entry: string): string | undefined {
  for (let directory = dirname(entry); ; directory = dirname(directory)) {
    const path = join(directory, 'tsconfig.json');
    try {
      readFileSync(path);
      return path;
    } catch {
      if (directory === dirname(directory)) return undefined;
    }
  }
}
