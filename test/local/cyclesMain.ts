/** Opens an engine, uses it and closes it, again and again, and tells as JSON what the process held along the way. */
import { readdir } from 'node:fs/promises';
import { open } from '../../index.ts';

const [model = '', count = '0', interval = '1'] = process.argv.slice(2);

/** What a process holds. Threads and files only where the system tells. */
export interface Held {
  readonly cycles: number;
  readonly residentBytes: number;
  readonly resources: readonly string[];
  readonly threads: number | undefined;
  readonly files: number | undefined;
}

export interface CyclesReport {
  readonly held: readonly Held[];
  readonly milliseconds: { readonly open: number; readonly use: number; readonly close: number };
}

const held: Held[] = [];
const milliseconds = { open: 0, use: 0, close: 0 };
for (let cycles = 0; cycles < Number(count);) {
  // Two at a time: engines come and go beside each other, and both cores are used.
  const [left, right] = [Math.ceil(Number(interval) / 2), Math.floor(Number(interval) / 2)];
  await Promise.all([cycle(left), cycle(right)]);
  cycles += left + right;
  held.push(await look(cycles));
}
process.stdout.write(JSON.stringify({ held, milliseconds } satisfies CyclesReport));

async function cycle(times: number): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    const began = performance.now();
    const engine = await open({ model, device: 'cpu', threads: 1 });
    const opened = performance.now();
    const { count: vectors } = await engine.embed([`the dog ${turn}`]);
    if (vectors !== 1) throw new TypeError(`expected one vector, got ${vectors}`);
    // Collections have a thread of their own.
    if (turn === 0) await engine.collection('cycle').upsert([{ id: turn, text: 'the sea' }]);
    const used = performance.now();
    await engine[Symbol.asyncDispose]();
    milliseconds.open += opened - began;
    milliseconds.use += used - opened;
    milliseconds.close += performance.now() - used;
  }
}

async function look(cycles: number): Promise<Held> {
  globalThis.gc?.();
  return {
    cycles,
    resources: process.getActiveResourcesInfo(),
    threads: await entriesOf('/proc/self/task'),
    files: await entriesOf('/proc/self/fd'),
    residentBytes: process.memoryUsage.rss(),
  };
}

async function entriesOf(folder: string): Promise<number | undefined> {
  return (await readdir(folder).catch(() => undefined))?.length;
}
