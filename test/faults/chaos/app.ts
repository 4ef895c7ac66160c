/** Two functions that do what chaos/decide.ts says, one input at a time and many at once. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context } from 'warpmap';
import { decide, type Output, RETRIES } from './decide.ts';

const { WARPMAP_FAULTS_FOLDER: folder = '', WARPMAP_FAULTS_NODE: node = '' } = process.env;
const seed = Number(process.env['WARPMAP_CHAOS_SEED']);
const retries = { maxRetries: RETRIES, initialDelay: 20, maxDelay: 50 };

function note(what: string, value?: number): void {
  if (folder !== '')
    appendFileSync(join(folder, 'record'), `${JSON.stringify({ what, value, node, pid: process.pid })}\n`);
}

/** Whether nobody has met the value before. */
function isFirst(value: number): boolean {
  try {
    closeSync(openSync(join(folder, `met-${value}`), 'wx'));
    return true;
  } catch {
    return false;
  }
}

async function run(values: readonly number[]): Promise<Output[]> {
  for (const value of values) note('run', value);
  const decisions = values.map((value) => decide(seed, value));
  const stumbling = values.filter((value, at) => decisions[at]!.stumbles && isFirst(value));
  if (stumbling.length > 0) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  const milliseconds = Math.max(...decisions.map((decision) => decision.milliseconds));
  if (milliseconds > 0) await sleep(milliseconds);
  const { attempt } = context();
  const failing = values.filter((_, at) => attempt < decisions[at]!.failures);
  if (failing.length > 0) throw new RangeError(`attempt ${attempt} of ${failing.join()} fails`);
  return decisions.map(({ output }) => output);
}

note('load');

export const app: App = new App('chaos');

export const single = app.function('single', { retries, concurrency: 4 }, async (value: number) => {
  const [output] = await run([value]);
  return output!;
});

export const batched = app.batched('batched', { retries, maxBatchSize: 32 }, (values: number[]) => run(values));
