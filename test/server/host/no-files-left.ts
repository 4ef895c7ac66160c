/** Starts a worker in a process that may open no more files, and says what became of it. Arguments: the path of an app. */
import { openSync } from 'node:fs';
import { WorkerProcess } from '../../../server/host/worker-process.ts';
import { createLog } from '../../../server/log.ts';

const log = createLog({ destination: { write: () => {} } });
const start = (): Promise<WorkerProcess> => WorkerProcess.start({ path: process.argv[2]! }, log, { timeout: 60_000 });

// With all that is loaded when the first is started.
const first = await start();
await first[Symbol.asyncDispose]();
try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  const said = await start().then(
    () => 'started',
    (error: Error) => error.message,
  );
  console.log(said);
}
