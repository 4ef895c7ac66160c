/** Two functions that do what decide.ts says, one input at a time and many at once, and write down their runs. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context } from 'warpmap';
import { decide, type Input, type Output, RETRIES } from './decide.ts';

const { WARPMAP_FAULTS_FOLDER: folder = '', WARPMAP_TORTURE_SEED: seed = '' } = process.env;
const retries = { maxRetries: RETRIES, initialDelay: 20, maxDelay: 50 };

/** Whether nobody has met the value before. */
function isFirst(value: number): boolean {
  try {
    closeSync(openSync(join(folder, `met-${value}`), 'wx'));
    return true;
  } catch {
    return false;
  }
}

async function run(inputs: readonly Input[]): Promise<Output[]> {
  appendFileSync(join(folder, 'runs'), inputs.map(({ value }) => `${value}\n`).join(''));
  const decisions = inputs.map(({ value }) => decide(Number(seed), value));
  const stumbling = inputs.filter(({ value }, at) => decisions[at]!.stumbles && isFirst(value));
  if (stumbling.length > 0) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  const milliseconds = Math.max(...decisions.map((decision) => decision.milliseconds));
  if (milliseconds > 0) await sleep(milliseconds);
  const { attempt } = context();
  const failing = inputs.filter((_, at) => attempt < decisions[at]!.failures);
  if (failing.length > 0)
    throw new RangeError(`attempt ${attempt} of ${failing.map(({ value }) => value).join()} fails`);
  return decisions.map(({ output }) => output);
}

export const app: App = new App('torture');

export const single = app.function('single', { retries, concurrency: 4 }, async (input: Input) => {
  const [output] = await run([input]);
  return output!;
});

export const batched = app.batched('batched', { retries, maxBatchSize: 64 }, (inputs: Input[]) => run(inputs));
