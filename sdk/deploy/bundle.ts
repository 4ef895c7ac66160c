import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { BuildFailure, Message, Plugin, PluginBuild } from 'esbuild';
import { SdkError } from '../errors.ts';
import { isNative, packageNameOf, packageOf } from './native.ts';

export interface BundleOptions {
  /** Packages that are left to the nodes, beside those with native code. Default: none. */
  readonly external?: readonly string[];
}

/** A module and what it imports, as one module. */
export interface Bundle {
  readonly code: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the code, in hex: the same for the same sources, wherever they are. */
  readonly hash: string;
  /** Packages that it imports still, with the versions that are installed here; empty where none is. */
  readonly packages: Readonly<Record<string, string>>;
  /** The directory of the package of the module: nothing in the bundle says where it is. */
  readonly root: string;
}

/**
 * Bundles a module with esbuild. `warpmap`, packages with native code and those that are named stay out. Throws
 * `BUNDLE_FAILED` with what is wrong, and where.
 */
export async function bundle(file: string, { external = [] }: BundleOptions = {}): Promise<Bundle> {
  const entry = resolve(file);
  if (!existsSync(entry))
    throw new SdkError('BUNDLE_FAILED', `There is no file ${entry}; expected the module of an app`);
  const root = rootOf(entry);
  const packages = new Map<string, string>();
  // It is a program of its own, which only who deploys needs.
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      absWorkingDir: root,
      outfile: join(root, 'bundle.mjs'),
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24.5',
      charset: 'utf8',
      sourcemap: 'inline',
      sourcesContent: false,
      sourceRoot: 'bundle:',
      logLevel: 'silent',
      // What is CommonJS among them expects these.
      banner: { js: BANNER },
      define: { __dirname: 'warpmapDirname', __filename: 'warpmapFilename' },
      plugins: [leavesOut(new Set(external), packages)],
    });
    const [output] = outputFiles;
    const code = new Uint8Array(output!.contents);
    const hash = createHash('sha256').update(code).digest('hex');
    return {
      code,
      hash,
      packages: Object.fromEntries([...packages].toSorted(([one], [other]) => (one < other ? -1 : 1))),
      root,
    };
  } catch (error) {
    throw failed(entry, root, error);
  }
}

const BANNER = [
  `import { createRequire as warpmapCreateRequire } from 'node:module';`,
  `const require = warpmapCreateRequire(import.meta.url);`,
  `const warpmapDirname = import.meta.dirname, warpmapFilename = import.meta.filename;`,
].join('\n');

/** Names in `packages` what is left to the nodes. */
function leavesOut(named: ReadonlySet<string>, packages: Map<string, string>): Plugin {
  const native = new Map<string, boolean>();
  return {
    name: 'leaves-out',
    setup(build) {
      build.onResolve({ filter: /^[^./#]/ }, async ({ path, pluginData, ...from }) => {
        const name = packageNameOf(path);
        if (name === undefined || isBuiltin(path) || pluginData === ASKED) return undefined;
        if (name === 'warpmap') return { path, external: true };
        const found = await installed(build, path, from, name);
        if (!named.has(name)) {
          if (!found) return undefined;
          if (!native.has(found.directory)) native.set(found.directory, isNative(found));
          if (!native.get(found.directory)) return undefined;
        }
        packages.set(name, found?.version ?? '');
        return { path, external: true };
      });
    },
  };
}

const ASKED = Symbol('asked');

async function installed(
  build: PluginBuild,
  path: string,
  {
    kind,
    resolveDir,
    importer,
  }: Pick<Parameters<Parameters<PluginBuild['onResolve']>[1]>[0], 'kind' | 'resolveDir' | 'importer'>,
  name: string,
): Promise<ReturnType<typeof packageOf>> {
  const { errors, external, path: file } = await build.resolve(path, { kind, resolveDir, importer, pluginData: ASKED });
  return errors.length > 0 || external ? undefined : packageOf(file, name);
}

/** That of the nearest package, or where the module is. */
function rootOf(entry: string): string {
  for (let directory = dirname(entry); directory !== dirname(directory); directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory;
  }
  return dirname(entry);
}

function failed(entry: string, root: string, error: unknown): SdkError {
  const { errors } = error as Partial<BuildFailure>;
  const told = errors?.map((each) => `  ${describe(each)}`).join('\n') ?? `  ${(error as Error).message}`;
  const name = relative(root, entry) || basename(entry);
  return new SdkError('BUNDLE_FAILED', `${name} can't be bundled:\n${told}`, { cause: error });
}

function describe({ text, location, notes }: Message): string {
  const where = location ? `${location.file}:${location.line}:${location.column + 1}: ` : '';
  const mend = /^Could not resolve "(?![.\/])/v.test(text) ? '; install it here, or name it with --external' : '';
  // What esbuild adds there is advice about options of its own.
  return `${where}${text}${mend || notes.map((note) => `; ${note.text}`).join('')}`;
}
