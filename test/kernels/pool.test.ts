import { Pool } from '../../kernels/buffers/pool.ts';
import { Usage } from '../../kernels/buffers/create.ts';
import { DeviceLauncher } from '../../kernels/launch/launcher.ts';
import { packPanels } from '../../kernels/index.ts';
import { onEveryGpu } from './gpus.ts';
import { askTopk } from './topk-calls.ts';
import { randomFrom, reals } from './vectors.ts';

const seed = 20261124;
const bound = 2 ** 20;

onEveryGpu('pool', (check) => {
  check(`1,000 acquire and release cycles hold no more than the bound (seed ${seed})`, async (t, launcher) => {
    const pool = new Pool(launcher.device, Usage.storage | Usage.copyDestination, bound);
    const random = randomFrom(seed);
    for (let cycle = 0; cycle < 1000; cycle++) {
      const bytes = Math.floor(2 ** (random() * 22));
      using lease = await pool.acquire(bytes);
      t.true(lease.buffer.size >= bytes);
      t.true(pool.bytes <= bound + lease.buffer.size);
    }
    t.true(pool.bytes <= bound);
    pool.dispose();
    t.is(pool.bytes, 0);
    await t.throwsAsync(pool.acquire(4), { code: 'DISPOSED' });
  });

  check('a released buffer is given out again, and never to two at once', async (t, launcher) => {
    const pool = new Pool(launcher.device, Usage.storage, bound);
    const first = await pool.acquire(1000);
    const { buffer } = first;
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    using again = await pool.acquire(900);
    first[Symbol.dispose]();
    using other = await pool.acquire(900);
    t.is(again.buffer, buffer);
    t.not(other.buffer, buffer);
    t.is(pool.bytes, 2048);
  });

  check('calls give back all that they took, also those that fail', async (t, { device }) => {
    const own = new DeviceLauncher(device, {});
    const [queries, items] = [reals(seed, 4 * 3), reals(~seed, 4 * 200)].map((vectors) =>
      packPanels(vectors, { type: 'f32', columns: 4 }),
    );
    const question = { queries: queries!, items: [items!], metric: 'dot' as const, k: 10 };
    await askTopk(own, question);
    const { pooledBytes } = own;
    for (let call = 0; call < 50; call++) {
      await askTopk(own, question);
      await t.throwsAsync(askTopk(own, { ...question, k: 0 }), { code: 'INPUT_INVALID' });
    }
    t.is(own.pooledBytes, pooledBytes);
    await own[Symbol.asyncDispose]();
    t.is(own.pooledBytes, 0);
  });
});
