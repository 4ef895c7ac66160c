/**
 * A node that keeps calls and has the function of app.ts: `argv[2]` is its directory, `argv[3]` the URL of its store, if
 * that is not there. Run as a process.
 */
import { fileURLToPath } from 'node:url';
import { AppHost } from '../../server/host/app-host.ts';
import { countBuffersWithHeap } from '../../server/buffer-memory.ts';
import { createLog } from '../../server/log.ts';
import { startServer } from '../../server/server.ts';
import { noEngine } from '../map/no-engine.ts';

const [, , data = '', store] = process.argv;
countBuffersWithHeap();
const log = createLog({ destination: { write: () => {} } });
const host = await AppHost.open(fileURLToPath(new URL('app.ts', import.meta.url)), { log });
const { url } = await startServer({
  engine: noEngine,
  functions: host.functions,
  log,
  data,
  ...(store !== undefined && { store }),
});
console.log(url);
