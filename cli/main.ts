#!/usr/bin/env node
import { nodeRefusal } from './node-version.ts';

const refusal = nodeRefusal(process.version);
if (refusal === undefined) {
  // What follows may use what an older Node.js can't even parse, so it is loaded only now.
  const { run } = await import('./run.ts');
  process.exitCode = await run(process.argv.slice(2));
  // All is closed by now; should a driver keep a handle, it must not keep the process.
  setTimeout(() => process.exit(), 2_000).unref();
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}
