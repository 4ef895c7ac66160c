import { type DeployRequest, STRATEGIES, type Strategy } from '../../shard/app/deployment.ts';
import { ServerError } from '../errors.ts';
import { requireAppName, requireHash, requirePackageName, requireRun } from './names.ts';

const NAMES: ReadonlySet<string> = new Set<keyof DeployRequest>([
  'name',
  'bundle',
  'packages',
  'tag',
  'strategy',
  'force',
  'declarations',
  'run',
]);

/** Throws `OPTION_INVALID` for what is no request. */
export function deployRequestOf(body: object): DeployRequest {
  for (const name of Object.keys(body)) {
    if (!NAMES.has(name)) throw expected([...NAMES].join(', '), JSON.stringify(name.slice(0, 100)));
  }
  const { name, bundle, packages, tag, strategy, force, declarations, run } = body as Partial<
    Record<keyof DeployRequest, unknown>
  >;
  return {
    ...(name !== undefined && { name: requireAppName(name) }),
    bundle: requireHash('bundle', bundle),
    packages: packagesOf(packages ?? {}),
    ...(tag !== undefined && { tag: tagOf(tag) }),
    ...(strategy !== undefined && { strategy: strategyOf(strategy) }),
    ...(force !== undefined && { force: booleanOf(force) }),
    ...(declarations !== undefined && { declarations: requireHash('declarations', declarations) }),
    ...(run !== undefined && { run: requireRun(run) }),
  };
}

function packagesOf(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw expected('packages to be an object of names and versions', JSON.stringify(given));
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, version]) => {
      // It ends up in a command that people are told to run.
      if (typeof version === 'string' && /^[A-Za-z0-9.+\-]{0,100}$/v.test(version))
        return [requirePackageName(name), version];
      throw expected(`the version of ${name} to be one such as 1.2.3, or empty`, JSON.stringify(version));
    }),
  );
}

function tagOf(tag: unknown): string {
  if (typeof tag === 'string' && /^[^\p{Cc}]{1,128}$/v.test(tag)) return tag;
  throw expected('tag to be 1 to 128 characters, none of them a control character', JSON.stringify(tag));
}

function strategyOf(strategy: unknown): Strategy {
  const known = STRATEGIES.find((each) => each === strategy);
  if (known !== undefined) return known;
  throw expected(`strategy to be ${STRATEGIES.join(' or ')}`, JSON.stringify(strategy));
}

function booleanOf(force: unknown): boolean {
  if (typeof force === 'boolean') return force;
  throw expected('force to be true or false', JSON.stringify(force));
}

function expected(what: string, got: string): ServerError {
  return new ServerError('OPTION_INVALID', `Expected ${what}, got ${got}`);
}
