import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package that is installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly gypfile?: unknown;
  readonly binary?: unknown;
  readonly napi?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What finds the native code of a package when it is loaded, or when it is installed. */
const LOADERS: readonly string[] = [
  'bindings',
  'cmake-js',
  'nan',
  'node-addon-api',
  'node-gyp-build',
  'node-gyp-build-optional-packages',
  'node-pre-gyp',
  '@mapbox/node-pre-gyp',
  'prebuild-install',
];
/** Native code for one platform comes as a package of its own, such as `@img/sharp-linux-x64`. */
const PLATFORM = /[\-\/](?:linux|darwin|win32|android|freebsd)-/v;

/** The package of that name in which a file is. */
export function packageOf(file: string, name: string): InstalledPackage | undefined {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = manifestOf(directory);
    if (manifest?.name === name) {
      return { name, version: typeof manifest.version === 'string' ? manifest.version : '', directory };
    }
    if (directory === dirname(directory)) return undefined;
  }
}

/** Whether a package has native code, which no bundle can hold. */
export function isNative({ directory }: InstalledPackage): boolean {
  const manifest = manifestOf(directory) ?? {};
  if (manifest.gypfile === true || manifest.binary !== undefined || manifest.napi !== undefined) return true;
  if (LOADERS.some((loader) => manifest.dependencies?.[loader] !== undefined)) return true;
  if (Object.keys(manifest.optionalDependencies ?? {}).some((name) => PLATFORM.test(name))) return true;
  return existsSync(join(directory, 'binding.gyp')) || hasNative(directory);
}

/** The package that a specifier such as `@scope/name/part` names; undefined for paths, URLs and the like. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[^@\/]+\/)?[^.\/#@:][^\/:]*(?=\/|$)/v.exec(specifier)?.[0];
}

function hasNative(directory: string): boolean {
  return readdirSync(directory, { withFileTypes: true }).some((entry) => {
    if (entry.isFile()) return entry.name.endsWith('.node');
    return entry.isDirectory() && entry.name !== 'node_modules' && hasNative(join(directory, entry.name));
  });
}

function manifestOf(directory: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
