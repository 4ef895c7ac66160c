import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ServerError } from '../errors.ts';

/** Looks that packages are installed where bundles resolve them from. Throws `PACKAGE_MISSING` with the command that mends it. */
export function requirePackages(packages: Readonly<Record<string, string>>, directory: string): void {
  const paths = createRequire(join(directory, 'bundle.js'));
  const missing = Object.keys(packages).filter((name) => !isInstalled(paths, name));
  if (missing.length > 0) throw packageMissing(missing, packages, directory);
}

/** The same where a bundle was loaded, and found that it lacks a package which nobody had declared. */
export function missingPackageOf(error: unknown, directory: string): ServerError | undefined {
  const { code, message = '' } = Object(error) as { readonly code?: unknown; readonly message?: string };
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  const name = /^Cannot find (?:package|module) '(?<name>(?:@[^@\/']+\/)?[^.\/'][^\/']*)/v.exec(message)?.groups?.[
    'name'
  ];
  return name === undefined ? undefined : packageMissing([name], {}, directory);
}

function packageMissing(
  names: readonly string[],
  versions: Readonly<Record<string, string>>,
  directory: string,
): ServerError {
  const wanted = names.map((name) => (versions[name] ? `${name}@${versions[name]}` : name));
  return new ServerError(
    'PACKAGE_MISSING',
    `The bundle needs ${names.join(', ')}, which this node has not: run \`npm install ${wanted.join(' ')}\` in ${directory}, or start the node with --packages`,
    { details: { packages: names } },
  );
}

function isInstalled(from: NodeJS.Require, name: string): boolean {
  return (from.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name, 'package.json')));
}
