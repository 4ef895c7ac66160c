/** A node whose functions cost next to nothing, so that what is timed is the way there and back. Run as a process. */
import { fileURLToPath } from 'node:url';
import type { HostedFunction } from '../../core/functions/contract.ts';
import { AppHost } from '../../server/host/app-host.ts';
import { countBuffersWithHeap } from '../../server/buffer-memory.ts';
import { createLog } from '../../server/log.ts';
import { startServer } from '../../server/server.ts';
import { noEngine } from './no-engine.ts';
import { rows, WIDTH } from './work.ts';

const echo: HostedFunction<number> = {
  name: 'echo',
  sequential: false,
  bind: () => ({
    accept: Number,
    run: async (values) => ({ kind: 'values', values }),
  }),
};

const vector: HostedFunction<number> = {
  name: 'vector',
  sequential: false,
  bind: () => ({
    accept: Number,
    run: async (values) => ({ kind: 'rows', vectors: { count: values.length, dims: WIDTH, data: rows(values) } }),
  }),
};

countBuffersWithHeap();
const log = createLog({ destination: { write: () => {} } });
const host = await AppHost.open(fileURLToPath(new URL('app.ts', import.meta.url)), { log });
const { url } = await startServer({ engine: noEngine, functions: [echo, vector, ...host.functions], log });
console.log(url);
