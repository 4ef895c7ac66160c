import { CoreError } from '../errors.ts';

/**
 * Native work must not be cut short: ONNX Runtime aborts the whole process when `process.exit()` ends its thread in the
 * middle of a run. A guard is memory that a session shares with its thread, by which the exiting process lets the run
 * in progress finish and no other begin.
 */
export type ExitGuard = Int32Array<SharedArrayBuffer>;

const RUNNING = 0;
const LEAVING = 1;

/** Longer than any sensible batch; a process that hangs here would be killed anyway. */
const patienceMilliseconds = 10_000;

const guards = new Set<ExitGuard>();

/** A guard that this process heeds when it exits, until it is released. */
export function holdExit(): ExitGuard {
  const guard = new Int32Array(new SharedArrayBuffer(8));
  if (guards.size === 0) process.on('exit', awaitNativeWork);
  guards.add(guard);
  return guard;
}

export function releaseExit(guard: ExitGuard): void {
  guards.delete(guard);
  if (guards.size === 0) process.off('exit', awaitNativeWork);
}

/** In the thread: does native work, unless the process is on its way out. Throws `DISPOSED` then. */
export async function guarded<Value>(guard: ExitGuard, work: () => Promise<Value>): Promise<Value> {
  Atomics.store(guard, RUNNING, 1);
  try {
    if (Atomics.load(guard, LEAVING) === 1) throw new CoreError('DISPOSED', 'the process is exiting');
    return await work();
  } finally {
    Atomics.store(guard, RUNNING, 0);
    Atomics.notify(guard, RUNNING);
  }
}

function awaitNativeWork(): void {
  for (const guard of guards) Atomics.store(guard, LEAVING, 1);
  const deadline = performance.now() + patienceMilliseconds;
  for (const guard of guards) Atomics.wait(guard, RUNNING, 1, Math.max(0, deadline - performance.now()));
}
