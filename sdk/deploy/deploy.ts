import type { Apps, AppsOptions } from './apps.ts';
import type { DeployOptions, DeployOutcome } from './options.ts';

/**
 * Bundles a module, and makes it the current version of its app on some nodes. Throws `BUNDLE_FAILED`, `OPTION_INVALID` and
 * `NODE_UNREACHABLE`, and a `NodeError` where a node refuses it: the version before stays then.
 */
export async function deploy(file: string, options: DeployOptions & AppsOptions = {}): Promise<DeployOutcome> {
  const { nodes, token, resolve, ...rest } = options;
  await using apps = await openApps({
    ...(nodes && { nodes }),
    ...(token !== undefined && { token }),
    ...(resolve && { resolve }),
  });
  return await apps.deploy(file, rest);
}

/** The apps that are deployed to some nodes. Asks no node yet. Throws as `Apps.open` does. */
export async function openApps(options: AppsOptions = {}): Promise<Apps> {
  // Workers load this package, and deploy nothing.
  const { Apps: Opened } = await import('./apps.ts');
  return Opened.open(options);
}
