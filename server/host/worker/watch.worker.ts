/** Ends this process when its parent is gone: a handler that never yields would not hear of it otherwise. */
import { workerData } from 'node:worker_threads';

const INTERVAL_MS = 1_000;
const { parent } = workerData as { readonly parent: number };

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, INTERVAL_MS);
