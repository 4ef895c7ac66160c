/** An app whose functions do all that a handler can do to its worker. */
/* oxlint-disable unicorn/no-process-exit */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { App, context } from 'warpmap';
import { z } from 'zod';

export const app: App = new App('tricks');

export const double = app.function('double', (value: number) => value * 2);

export const join = app.function('join', async (text: string, times: number) => text.repeat(times));

export const shout = app.batched('shout', { maxBatchSize: 8 }, async (texts: string[]) => {
  if (texts.includes('poison')) throw new TypeError('that text is poison');
  return texts.map((text) => `${text.toUpperCase()} of ${texts.length <= 8 ? 'few' : 'many'}`);
});

export const short = app.batched('short', {}, (texts: string[]) => (texts.includes('short') ? [] : texts));

export const fail = app.function('fail', (value: number) => {
  if (value % 3 === 1) throw new RangeError(`${value} is out of range`);
  return value;
});

/** Ends its process on 13, in the way asked for. */
export const deadly = app.function('deadly', (value: number, how: 'exit' | 'kill' | 'reject') => {
  if (value !== 13) return value;
  if (how === 'exit') process.exit(7);
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  void Promise.reject(new Error('nobody catches this'));
  return sleep(60_000, value);
});

/** Ends its process the first time, which it remembers in a file. */
export const stumble = app.function('stumble', async (value: number, file: string) => {
  const { appendFileSync, existsSync } = await import('node:fs');
  if (value === 5 && !existsSync(file)) {
    appendFileSync(file, 'x');
    process.exit(1);
  }
  return value;
});

export const stuck = app.function('stuck', { timeout: 400 }, (value: number) => {
  while (value === 3);
  return value;
});

export const stuckBatch = app.batched('stuckBatch', { timeout: 400, maxBatchSize: 8 }, (values: number[]) => {
  while (values.includes(3));
  return values;
});

export const pid = app.function('pid', { maxWorkers: 2 }, async (_value: number) => {
  await sleep(50);
  return process.pid;
});

/** Waits until it is told that nobody waits for it, and says so. */
export const patient = app.function('patient', async (value: number) => {
  console.log('patient began');
  await new Promise((resolve) => context().signal.addEventListener('abort', resolve));
  console.log('patient was told');
  return value;
});

export const deaf = app.function('deaf', (value: number) => {
  console.log('deaf began');
  for (;;) if (value < 0) return value;
});

export const say = app.function('say', { concurrency: 4 }, async (text: string) => {
  await sleep(1);
  console.log('I say %s', text);
  context().log('logged', { text });
  return context().attempt;
});

const seen = new Set<string>();

/** Its input's position in the map; fails once on each input that is to come later. */
export const place = app.function('place', { maxWorkers: 1 }, (name: string) => {
  if (!name.startsWith('later') || seen.has(name)) return context().index;
  seen.add(name);
  throw new Error('later');
});

export const unsendable = app.function('unsendable', (value: number) => (value === 1 ? () => value : value));

export const embedded = app.function('embedded', async (text: string) => {
  const { dims, data } = await context().embed([text]);
  return { dims, data };
});

export const flaky = app.function('flaky', { retries: { maxRetries: 2, initialDelay: 1 } }, (value: number) => {
  if (value === 1 && context().attempt < 2) throw new Error('not yet');
  return context().attempt;
});

let running = 0;
export const together = app.function('together', { concurrency: 3 }, async (_value: number) => {
  const seen = ++running;
  await sleep(20);
  running--;
  return seen;
});

export const age = app.function(
  'age',
  { input: z.object({ age: z.coerce.number().int() }) },
  (person) => person.age + 1,
);

/** Says with how many it was run, so that it can be seen that the others went together. */
export const ages = app.batched(
  'ages',
  {
    input: v.pipeAsync(
      v.number(),
      v.checkAsync(async (value) => value >= 0, 'must not be negative'),
    ),
    timeout: 20_000,
  },
  (values: number[]) => values.map((value) => `${value} of ${values.length}`),
);

let entered = 0;
export const counter = app.cls(
  'Counter',
  { concurrency: 4 },
  {
    async enter() {
      await sleep(1);
      return { entered: ++entered, runs: 0 };
    },
    exit: ({ runs }) => console.log(`put away after ${runs} runs`),
  },
);
export const count = counter.method('count', (state, step: number) => {
  state.runs += step;
  return { entered: state.entered, pid: process.pid };
});
export const counts = counter.batched('counts', { maxBatchSize: 4 }, (state, steps: number[]) =>
  steps.map((step) => ({ entered: state.entered, runs: (state.runs += step), pid: process.pid })),
);
export const slow = counter.method('slow', { timeout: 400 }, async (_state, milliseconds: number) => {
  await sleep(milliseconds);
  return milliseconds;
});

const broken = app.cls('Broken', {
  enter(): { readonly model: string } {
    throw new RangeError('no such model');
  },
});
export const useless = broken.method('useless', ({ model }) => model);

export const search = app.batched('search', { maxBatchSize: 100 }, async (texts: string[]) => {
  const { collection, call, batch, index } = context();
  const letters = collection('letters');
  const empty = await letters.size();
  await letters.upsert(texts.map((text, id) => ({ id, text })));
  const [best] = await letters.topK(texts[0]!, { k: 1 });
  const many = await letters.topK(texts, { k: 2 });
  const scores = await letters.similarity(texts, [...texts.keys()]);
  const missing = await letters.similarity(['a'], ['none']).catch((error: { code: string }) => error.code);
  const nowhere = await collection('nowhere')
    .topK('a', { k: 1 })
    .catch((error: { code: string }) => error.code);
  const size = await letters.size();
  return texts.map((_, at) => ({
    empty,
    best,
    many: many[at]!,
    score: scores[at]!,
    missing,
    nowhere,
    size,
    call,
    batch,
    index,
  }));
});

export const levels = app.function('levels', (name: string) => {
  const { log } = context();
  log.debug(`${name} debug`);
  log.warn(`${name} warn`, { name });
  log.error(`${name} error`);
  console.error(`${name} console.error`);
});

const hung = app.cls(
  'Hung',
  { startupTimeout: 5_000 },
  {
    enter() {
      console.log('hung began to enter');
      return new Promise<number>(() => {});
    },
  },
);
export const stillborn = hung.method('stillborn', (state) => state);

const sour = app.cls('Sour', {
  enter: () => 1,
  exit() {
    throw new RangeError('this state stays');
  },
});
export const sourly = sour.method('sourly', (state) => state);

const pond = app.cls('Pond', {
  enter: () => ({ open: true }),
  exit(state) {
    state.open = false;
    console.log('pond is put away');
  },
});
/** Takes a moment, or for ever, to end once its caller has left. */
export const wade = pond.method('wade', async (state, hears: boolean) => {
  console.log('wade began');
  await once(context().signal, 'abort');
  await (hears ? sleep(300) : new Promise(() => {}));
  console.log(`wade ended in a pond that is ${state.open ? 'open' : 'put away'}`);
});

export const misasked = app.function('misasked', (value: number) => context().embed([value] as never));

let bulks = 0;
/** A mebibyte that tells how many of them this worker has made. */
export const bulky = app.function('bulky', (_value: number) => new Uint32Array(2 ** 18).fill(++bulks));
