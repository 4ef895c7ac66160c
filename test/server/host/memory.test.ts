import test from 'ava';
import { range } from '../../../shard/iterables.ts';
import * as crew from './apps/crew.ts';
import { appPath, openHouse } from './harness.ts';

test('an input for which the heap of its worker is too small fails with OUT_OF_MEMORY, its batch-mates do not', async (t) => {
  t.timeout(90_000);
  // Workers inherit it; a heap of the usual size would take long to fill.
  process.env['NODE_OPTIONS'] = '--max-old-space-size=48';
  await using house = await openHouse({ app: appPath('crew') });
  const outputs = await Array.fromAsync(
    house.warp.function(crew.gluttonous).map(range(5), { initialBatchSize: 5, returnErrors: true }),
  );
  t.like(outputs[3], { name: 'InputError', code: 'OUT_OF_MEMORY', index: 3 });
  t.deepEqual(outputs.toSpliced(3, 1), [...range(5)].toSpliced(3, 1));
  t.true(house.host.functions.find(({ name }) => name === 'crew/gluttonous')!.workers!.stats.crashes >= 3);
});
