import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { qualified } from '../../shard/app/definition.ts';
import type { AppVersion } from '../../shard/app/deployment.ts';
import { SdkError } from '../errors.ts';
import type { Apps } from './apps.ts';
import type { Declarations } from './declarations.ts';

export interface TypesOptions {
  /** Where they are written, which is made if there is none. Default: `warpmap-types`. */
  readonly output?: string;
  /** Default: the current one. */
  readonly version?: number;
}

export interface WrittenTypes {
  /** The file that a program includes. */
  readonly path: string;
  /** Functions that have a type in it. */
  readonly functions: readonly string[];
  /** Those whose handles the module does not export, so that nothing has their type. */
  readonly untyped: readonly string[];
}

/**
 * Writes the declarations of a deployed app, for programs that call it by name. Throws `DECLARATIONS_MISSING` for a version
 * that was deployed without, and a `NodeError` with `APP_UNKNOWN`.
 */
export async function writeTypes(
  apps: Apps,
  app: string,
  { output = 'warpmap-types', version: wanted }: TypesOptions = {},
): Promise<WrittenTypes> {
  const { current, changes } = await apps.history(app);
  const versions = changes.flatMap((change) => (change.type === 'deploy' ? [change.version] : []));
  const version = versions.find((each) => each.version === (wanted ?? current)) ?? versions.at(-1)!;
  const declarations = await apps.declarations(app, { version: wanted ?? version.version });
  if (!declarations) {
    throw new SdkError(
      'DECLARATIONS_MISSING',
      `Version ${version.version} of ${app} was deployed without declarations; install typescript beside its source, and deploy it again with --force`,
    );
  }
  const path = resolve(output, `${app}.d.ts`);
  for (const [name, text] of Object.entries(declarations.files)) await write(resolve(output, app, name), text);
  const exported = version.functions.filter((each) => each.exported !== undefined);
  await write(path, augmentation(app, version, declarations));
  return {
    path,
    functions: exported.map(({ name }) => qualified(app, name)),
    untyped: version.functions.filter((each) => each.exported === undefined).map(({ name }) => qualified(app, name)),
  };
}

/** What makes the functions known to `connection.function`. */
function augmentation(app: string, { version, functions }: AppVersion, { entry }: Declarations): string {
  const lines = functions.flatMap(({ name, exported }) => {
    // A name that is no identifier could be anything.
    if (exported === undefined || !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/v.test(exported)) return [];
    return [`    '${qualified(app, name)}': typeof module.${exported};`];
  });
  return [
    `// Version ${version} of ${app}, written by \`warpmap types\`.`,
    `import type * as module from './${app}/${entry}';`,
    '',
    `declare module 'warpmap' {`,
    '  interface DeployedFunctions {',
    ...lines,
    '  }',
    '}',
    '',
  ].join('\n');
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
