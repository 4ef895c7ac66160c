/** Tells which modules an app loads that declares itself with this package. */
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
await import('warpmap');
process.stdout.write(JSON.stringify(loaded));
