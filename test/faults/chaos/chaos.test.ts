import test from 'ava';
import { chaos } from './chaos.ts';

const seed = Number(process.env['WARPMAP_CHAOS_SEED'] ?? 1);

test(`chaos: maps over nodes that die, hang, are cut off and come back give each output once (seed ${seed})`, async (t) => {
  t.timeout(120_000);
  const { inputs, failures, runs, troubles } = await chaos({ seed, inputs: 250 });
  t.log(
    `seed ${seed}: ${inputs} inputs, of which ${failures} failed as they should, in ${runs} runs; troubles:`,
    troubles,
  );
  t.true(failures > 0);
  t.true(Object.values(troubles).reduce((sum, count) => sum + count, 0) > 10);
});
