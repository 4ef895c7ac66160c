/** An app whose workers don't start, hang, die and are stopped while they are busy. */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context } from 'warpmap';

export const app: App = new App('fates');

/** Where workers leave signs, and look for them. */
const folder = process.env['FATES_FOLDER'] ?? '.';

const licensed = app.cls('Licensed', {
  enter: () => {
    if (!existsSync(join(folder, 'licence'))) throw new Error('there is no licence');
    return 'licensed';
  },
});
export const permitted = licensed.method('permitted', (state: string, value: number) => `${state} ${value}`);

const hanging = app.cls(
  'Hanging',
  { startupTimeout: 3_000 },
  {
    enter: () => {
      console.log('entering', process.pid);
      return new Promise<string>(() => {});
    },
  },
);
export const hung = hanging.method('hung', (state: string, value: number) => `${state} ${value}`);

export const well = app.function('well', (value: number) => value);

export const steady = app.function('steady', { maxWorkers: 3, concurrency: 2 }, async (value: number) => {
  await sleep(3);
  return { value, pid: process.pid };
});

export const stuckAmong = app.function('stuckAmong', { concurrency: 4, timeout: 500 }, async (value: number) => {
  await (value === 5 ? new Promise(() => {}) : sleep(1));
  return value;
});

/** Says which value it is at, at moments that differ from run to run. */
export const chatty = app.function('chatty', { concurrency: 8 }, async (value: number) => {
  console.log('begins %d', value);
  await sleep((value * 7) % 5);
  context().log('goes on', { value });
  await new Promise<void>((resolve) =>
    setTimeout(
      () => {
        console.warn('ends %d', value);
        resolve();
      },
      (value * 3) % 4,
    ),
  );
  if (value === 0) process.stdout.write('past the console\n');
  return value;
});

const tidy = app.cls('Tidy', { enter: () => 'open', exit: () => appendFileSync(join(folder, 'tidied'), 'x') });
export const busy = tidy.method('busy', async (_state: string, milliseconds: number) => {
  console.log('busy', process.pid);
  await sleep(milliseconds);
  return milliseconds;
});
