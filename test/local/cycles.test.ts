import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { tinyFolder } from '../core/tinyEngine.ts';
import { runsLong } from '../long.ts';
import type { CyclesReport, Held } from './cyclesMain.ts';

const CYCLES = 400;
const INTERVAL = 20;
/** A thread that stays holds megabytes, and a model that stays its weights; the allocator's own unrest was 25 KiB. */
const MAX_BYTES_A_CYCLE = 96 * 1024;

const run = promisify(execFile);

const cycles = runsLong ? CYCLES : 60;
const nothing = runsLong ? 'neither threads nor handles nor memory' : 'neither threads nor handles';

test(`${cycles} engines opened and closed leave ${nothing} behind`, async (t) => {
  t.timeout(400_000);
  await using folder = await tinyFolder();
  const script = join(import.meta.dirname, 'cyclesMain.ts');
  const args = [...process.execArgv, '--expose-gc', script, folder.path, String(cycles), String(INTERVAL)];
  // Without the cache each of 850 threads would compile its modules anew: that is what development costs, not engines.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') };
  const { stdout } = await run(process.execPath, args, { env });
  const { held, milliseconds } = JSON.parse(stdout) as CyclesReport;

  const [first, last] = [held[0]!, held.at(-1)!];
  t.is(last.cycles, cycles);
  t.deepEqual(last.resources, first.resources);
  t.is(last.threads, first.threads);
  t.is(last.files, first.files);
  const slope = bytesACycle(held.slice(held.length / 2));
  // Over fewer cycles the allocator's unrest is all that there is to see.
  if (runsLong) {
    t.true(slope < MAX_BYTES_A_CYCLE, `resident memory grows by ${(slope / 1024).toFixed(1)} KiB a cycle`);
  }

  const { open, use, close } = milliseconds;
  const a = (total: number): string => (total / cycles).toFixed(1);
  t.log(`two cycles side by side take ${a(open + use + close)} ms: open ${a(open)}, use ${a(use)}, close ${a(close)}`);
  t.log(`resident: ${mebibytes(first)} after ${first.cycles} cycles, ${mebibytes(last)} after ${last.cycles}`);
  t.log(`slope over the second half: ${(slope / 1024).toFixed(1)} KiB a cycle`);
});

/** The slope of the line that fits best, by least squares. */
function bytesACycle(held: readonly Held[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const cycles = mean(held.map((each) => each.cycles));
  const bytes = mean(held.map((each) => each.residentBytes));
  let product = 0;
  let square = 0;
  for (const each of held) {
    product += (each.cycles - cycles) * (each.residentBytes - bytes);
    square += (each.cycles - cycles) ** 2;
  }
  return product / square;
}

function mebibytes({ residentBytes }: Held): string {
  return `${(residentBytes / 2 ** 20).toFixed(0)} MiB`;
}
