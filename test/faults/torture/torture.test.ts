import test from 'ava';
import { missingPostgres } from '../../fixtures/postgres.ts';
import type { StoreKind } from './nodes.ts';
import { torture } from './torture.ts';

const seed = Number(process.env['WARPMAP_TORTURE_SEED'] ?? 1);
const without = await missingPostgres();

for (const store of ['sqlite', 'postgres'] satisfies StoreKind[]) {
  const skipped = store === 'postgres' ? without : undefined;
  const declare = skipped === undefined ? test.serial : test.skip;
  declare(
    `torture: calls over processes that die at any moment lose nothing, on ${store} (seed ${seed})${skipped === undefined ? '' : `, but not on this machine: ${skipped}`}`,
    async (t) => {
      t.timeout(120_000);
      const report = await torture({ seed, store, seconds: 5, inputs: 200, apart: 150 });
      const { calls, inputs, runs, failed, cancelled, convicted, faults, wrong } = report;
      t.log(
        `${calls} calls, ${inputs} inputs, ${runs} runs, ${failed} failed, ${cancelled} cancelled, ${convicted} convicted`,
      );
      t.log('faults:', faults);
      t.deepEqual(wrong, []);
      t.true(Object.values(faults).reduce((sum, count) => sum + count, 0) > 10);
    },
  );
}
