import { ServerError } from '../errors.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_.\-]{0,62}$/v;
const OF_RUN = /^[A-Za-z][A-Za-z0-9_.\-]{0,62}(?:~[A-Za-z0-9][A-Za-z0-9\-]{0,31})?$/v;

/** The name of an app, or with `run` that of a run's. Throws `OPTION_INVALID`. */
export function requireAppName(name: unknown, { run = false }: { readonly run?: boolean } = {}): string {
  if (typeof name === 'string' && (run ? OF_RUN : NAME).test(name)) return name;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected the name of an app to be a letter and up to 62 letters, digits, \`_\`, \`.\` or \`-\`, got ${JSON.stringify(name)}`,
  );
}

/** The name of a function of an app. Throws `OPTION_INVALID`. */
export function requireFunctionName(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected the names of functions to be as those of apps, got ${JSON.stringify(name)}`,
  );
}

/** An app in the key of an object, which has no `~`: that of a run begins with `_`, as no name does. */
export function segmentOf(name: string): string {
  const [app, run] = name.split('~');
  return run === undefined ? name : `_${run}.${app}`;
}

/** The app that a segment of a key is of. */
export function nameOfSegment(segment: string): string {
  const { run, app } = /^_(?<run>[A-Za-z0-9\-]+)\.(?<app>.+)$/v.exec(segment)?.groups ?? {};
  return run === undefined ? segment : `${app}~${run}`;
}

/** Throws `OPTION_INVALID`. */
export function requireRun(run: unknown): string {
  if (typeof run === 'string' && /^[A-Za-z0-9][A-Za-z0-9\-]{0,31}$/v.test(run)) return run;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected run to be 1 to 32 letters, digits or \`-\`, the first no \`-\`, got ${JSON.stringify(run)}`,
  );
}

/** A SHA-256 in hex. Throws `OPTION_INVALID`. */
export function requireHash(name: string, hash: unknown): string {
  if (typeof hash === 'string' && /^[0-9a-f]{64}$/v.test(hash)) return hash;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected ${name} to be a SHA-256 of 64 hex digits, got ${JSON.stringify(hash)}`,
  );
}

/** The name of an npm package. Throws `OPTION_INVALID`. */
export function requirePackageName(name: string): string {
  if (name.length <= 214 && /^(?:@[a-z0-9~][a-z0-9\-._~]*\/)?[a-z0-9~][a-z0-9\-._~]*$/v.test(name)) return name;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected the name of an npm package, got ${JSON.stringify(name.slice(0, 100))}`,
  );
}

/** App and function in the name under which nodes know a function. */
export function partsOf(name: string): { readonly app: string; readonly function: string } | undefined {
  const at = name.indexOf('/');
  return at === -1 ? undefined : { app: name.slice(0, at), function: name.slice(at + 1) };
}
