import type { AppsOptions } from './apps.ts';
import type { DeployOptions, DeployOutcome } from './options.ts';

/**
 * Bundles a module, and makes it the current version of its app on some nodes. Throws `BUNDLE_FAILED`, `OPTION_INVALID` and
 * `NODE_UNREACHABLE`, and a `NodeError` where a node refuses it: the version before stays then.
 */
export async function deploy(file: string, options: DeployOptions & AppsOptions = {}): Promise<DeployOutcome> {
  const { nodes, token, resolve, ...rest } = options;
  // Workers load this package, and deploy nothing.
  const { Apps } = await import('./apps.ts');
  await using apps = await Apps.open({
    ...(nodes && { nodes }),
    ...(token !== undefined && { token }),
    ...(resolve && { resolve }),
  });
  return await apps.deploy(file, rest);
}
