import { createRequire, isBuiltin, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Makes what the bundle at `path` imports resolve: `warpmap` to this package, other packages from the directory
 * `packages`; and its stacks name the files that it was made of.
 */
export function resolveFrom(path: string, packages: string): void {
  process.setSourceMapsEnabled(true);
  const bundle = pathToFileURL(path).href;
  const there = pathToFileURL(join(packages, 'bundle.js')).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL !== bundle || isBuiltin(specifier) || !isBare(specifier)) return next(specifier, context);
      const from = /^warpmap(?:$|\/)/v.test(specifier) ? import.meta.url : there;
      if (!context.conditions.includes('require')) return next(specifier, { ...context, parentURL: from });
      const url = pathToFileURL(createRequire(from).resolve(specifier)).href;
      return { url, shortCircuit: true };
    },
  });
}

/** Neither a path nor a URL. */
function isBare(specifier: string): boolean {
  return !/^(?:\.{0,2}\/|[A-Za-z][A-Za-z0-9+.\-]*:|#)/v.test(specifier);
}
