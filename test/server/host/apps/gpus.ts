/** An app whose functions want GPUs, which need not exist: which one a worker was given is in its environment. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context } from 'warpmap';

export const app: App = new App('gpus');

function where(): string {
  return `${context().gpu?.name ?? 'cpu'} ${process.env['CUDA_VISIBLE_DEVICES']}`;
}

export const large = app.function('large', { gpu: 'large', maxWorkers: 4 }, async (_value: number) => {
  await sleep(50);
  return where();
});

export const either = app.function('either', { gpu: ['none-of-these', { memory: 8 * 2 ** 30 }] }, () => where());

export const missing = app.function('missing', { gpu: ['h100', { memory: 2 ** 50 }] }, (_value: number) => where());

export const streamed = app.function('streamed', { gpu: 'large' }, async function* () {
  yield where();
});

/** Runs out of memory where there is less than asked for, in the way asked for. */
export const hungry = app.function(
  'hungry',
  { gpu: ['small', 'large', 'cpu'] },
  async (gibibytes: number, how: 'throw' | 'die') => {
    const has = (context().gpu?.memoryBytes ?? 2 ** 40) / 2 ** 30;
    if (gibibytes <= has) return where();
    if (how === 'throw') throw new Error('CUDA out of memory. Tried to allocate 2.00 GiB');
    process.stderr.write('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n');
    process.abort();
  },
);

export const never = app.function('never', { gpu: ['small', 'large'] }, () => {
  throw new Error('CUDA out of memory');
});

const stay = app.cls('Stay', { gpu: ['small', 'large'] }, { enter: () => 1, exit() {} });
/** Runs out of memory when its node stops. */
export const late = stay.method('late', async () => {
  console.log('late began');
  await once(context().signal, 'abort');
  throw new Error('CUDA out of memory');
});

/** Two that want the same one. */
export const one = app.function('one', { gpu: 'only' }, () => where());
export const other = app.function('other', { gpu: 'only', minWorkers: 1 }, () => where());
