/** An app of generators: endless, failing, deadly. */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context } from 'warpmap';
import { z } from 'zod';

export const app: App = new App('generators');
const options = { concurrency: 4 } as const;

export const countTo = app.function('countTo', options, async function* (end: number) {
  for (let value = 0; value < end; value++) yield value;
});

/** Yields without end, and logs how far it came. */
export const endless = app.function('endless', options, function* (name: string) {
  let value = 0;
  try {
    for (;;) yield value++;
  } finally {
    console.log(`${name} ended`, context().signal.aborted);
    context().log('came to', { name, value });
  }
});

export const fails = app.function(
  'fails',
  { ...options, retries: { maxRetries: 2, initialDelay: 1 } },
  async function* (after: number, succeedOn: number) {
    for (let value = 0; value < after; value++) yield value;
    if (context().attempt < succeedOn) throw new RangeError(`attempt ${context().attempt} failed`);
    yield 'done';
  },
);

/** Ends its process after some items; but without any only the first time, which it remembers in a file. */
export const deadly = app.function('deadly', async function* (after: number, file: string) {
  for (let value = 0; value < after; value++) yield value;
  // What was yielded leaves first.
  await sleep(50);
  if (after > 0 || !existsSync(file)) {
    appendFileSync(file, 'x');
    process.kill(process.pid, 'SIGKILL');
  }
  yield 'alive';
});

export const unsendable = app.function('unsendable', options, function* () {
  yield 1;
  yield () => 2;
});

export const large = app.function('large', options, async function* (count: number) {
  for (let value = 0; value < count; value++) yield new Float32Array(2 ** 20).fill(value);
});

export const embeds = app.function('embeds', options, async function* (texts: readonly string[]) {
  for (const text of texts) yield (await context().embed([text])).data;
});

const tokens = app.cls('Tokens', { concurrency: 2 }, { enter: async () => ({ separator: ' ' }) });
export const split = tokens.method('split', { input: z.string().trim() }, function* ({ separator }, text) {
  yield* text.split(separator);
});

export const undeclared = app.function('undeclared', options, (end: number) => generate(end));
function* generate(end: number): Generator<number, void, undefined> {
  for (let value = 0; value < end; value++) yield value;
}

/** Yields the process of its node, and then waits until it is told that nobody waits for it. */
export const where = app.function('where', options, async function* () {
  yield process.ppid;
  await new Promise((resolve) => context().signal.addEventListener('abort', resolve));
});
