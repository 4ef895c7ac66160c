import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Registry as Prometheus } from 'prom-client';
import { Registry } from '../../../core/functions/registry.ts';
import { systemClock } from '../../../server/clock.ts';
import { DurableCalls } from '../../../server/durable/calls.ts';
import { CallMetrics } from '../../../server/durable/metrics.ts';
import { NodeFunctions } from '../../../server/functions.ts';
import { defaultLimits } from '../../../server/limits.ts';
import { createLog } from '../../../server/log.ts';
import { Turns } from '../../../server/map/turns.ts';
import { NodeState } from '../../../server/state.ts';
import { Storage } from '../../../server/storage.ts';
import { placesOf } from '../../../server/store/settings.ts';
import { MemoryEngine } from '../fixtures/engine.ts';
import { working } from './stage.ts';

test('a call that is begun once for its key is one, whoever begins it, and gets its one input', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-once-'));
  const alive = setInterval(() => {}, 60_000);
  {
    const common = { clock: systemClock, log: createLog({ level: 'silent' }) };
    await using storage = new Storage({ places: placesOf({ data }), ...common });
    const work = working(({ input }) => (input as Date).toISOString());
    await using durable = new DurableCalls({
      storage,
      functions: new NodeFunctions(new Registry([work])),
      state: new NodeState(new MemoryEngine()),
      metrics: new CallMetrics(new Prometheus()),
      limits: defaultLimits,
      turns: new Turns(),
      node: () => 'here',
      ...common,
    });
    const due = new Date('2026-05-01T03:00:00Z');
    const begin = (): Promise<void> => durable.beginOnce({ function: 'work' }, 'cron:work:1', due);
    await Promise.all([begin(), begin()]);
    const [call, ...others] = await durable.list({ limit: 10 });
    t.deepEqual(others, []);
    const waiting = { milliseconds: 60_000, signal: new AbortController().signal };
    t.like(await durable.status(call!.id, waiting), { state: 'done', single: true, key: 'cron:work:1' });
    await begin();
    t.deepEqual(
      work.runs.map(({ inputs }) => inputs),
      [[due]],
    );
    // Another version would be another call, and the time has had its own.
    await durable.beginOnce({ function: 'work', version: 2 }, 'cron:work:1', due);
    t.is((await durable.list({ limit: 10 })).length, 1);
  }
  clearInterval(alive);
  await rm(data, { recursive: true });
});
