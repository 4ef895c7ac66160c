/** `npm run torture -- --seed 1 --minutes 5`: torture from that seed on, one seed after the other, a line for each. */
import { parseArgs } from 'node:util';
import type { StoreKind } from './nodes.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
    /** Of one seed. */
    seconds: { type: 'string', default: '30' },
    inputs: { type: 'string', default: '1000' },
    apart: { type: 'string', default: '250' },
    store: { type: 'string', default: 'sqlite,postgres' },
  },
});
const stores = values.store.split(',') as StoreKind[];
const until = performance.now() + Number(values.minutes) * 60_000;
for (let seed = Number(values.seed); performance.now() < until && process.exitCode === undefined; seed++) {
  for (const store of stores) {
    try {
      const began = performance.now();
      const report = await torture({
        seed,
        store,
        seconds: Number(values.seconds),
        inputs: Number(values.inputs),
        apart: Number(values.apart),
      });
      const { calls, inputs, runs, failed, cancelled, convicted, faults, skipped, afterwards, wrong } = report;
      console.log(
        `seed ${seed}, ${store}: ${calls} calls, ${inputs} inputs, ${runs} runs, ${failed} failed as they should,`,
        `${cancelled} cancelled, ${convicted} convicted and retried, ${wrong.length} wrong;`,
        `${((performance.now() - began) / 1000).toFixed(0)} s, the last ${afterwards.toFixed(1)} s in peace; faults:`,
        Object.entries(faults)
          .map(([kind, times]) => `${kind} ${times}`)
          .join(', '),
      );
      for (const [kind, why] of Object.entries(skipped)) console.log(`  no ${kind}: ${why}`);
      for (const line of wrong) console.error(`  ${line}`);
      if (wrong.length > 0) process.exitCode = 1;
    } catch (error) {
      console.error(`seed ${seed}, ${store} failed:`, error);
      process.exitCode = 1;
    }
  }
}
