/** An app whose functions have workers of all numbers and fates. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { App } from 'warpmap';

export const app: App = new App('crew');

/** Waits until the file is there. */
async function until(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(5);
}

/** Each input is a run of its own that ends when the file is there. */
export const held = app.function('held', { maxWorkers: 3 }, async (file: string) => {
  await until(file);
  return process.pid;
});

export const kept = app.function('kept', { minWorkers: 2, maxWorkers: 3 }, () => process.pid);

/** Slow, so that a batch is worth dividing. */
export const slow = app.function('slow', { minWorkers: 2, maxWorkers: 2 }, async (value: number) => {
  await sleep(30);
  return { value, pid: process.pid };
});

const hoard: Uint8Array[] = [];
/** Keeps what it is given, in mebibytes. */
export const leak = app.function('leak', { maxWorkerMemory: 256 * 2 ** 20 }, (mebibytes: number) => {
  hoard.push(new Uint8Array(mebibytes * 2 ** 20).fill(1));
  return process.pid;
});

export const brief = app.function('brief', { maxRunsPerWorker: 3 }, () => process.pid);
export const briefBatch = app.batched('briefBatch', { maxRunsPerWorker: 2, maxBatchSize: 4 }, (values: number[]) =>
  values.map(() => process.pid),
);

/** Fills the heap of its worker on 3. */
export const gluttonous = app.function('gluttonous', (value: number) => {
  const kept: number[][] = [];
  while (value === 3) kept.push(Array.from({ length: 100_000 }, (_, index) => index + kept.length + 0.5));
  return value;
});
