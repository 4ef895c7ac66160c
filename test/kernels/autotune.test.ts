import test from 'ava';
import { tuningKey } from '../../kernels/autotune/key.ts';
import {
  openTimer,
  openTuner,
  tuningIdentity,
  type Candidate,
  type Launcher,
  type Span,
  type TuningQuestion,
  type TuningStore,
} from '../../kernels/index.ts';
import { planOf } from '../../kernels/launch/plan.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';

/** A store that shows what it keeps. */
function memory(): TuningStore & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return { kept, get: async (key) => kept.get(key), put: async (key, value) => void kept.set(key, value) };
}

/** A clock by which the runs take these milliseconds, one after the other. */
function clockOf(durations: readonly number[]): () => number {
  const left = [...durations];
  let milliseconds = 0;
  let started = false;
  return () => {
    if (started) milliseconds += left.shift() ?? Number.NaN;
    started = !started;
    return milliseconds;
  };
}

const runs = (milliseconds: number): number[] => Array<number>(5).fill(milliseconds);

interface Subject {
  readonly question: (candidates: readonly Candidate[]) => TuningQuestion;
  /** Writes the value into a word that it found 0. */
  readonly writes: (name: string, value: number) => Candidate;
  readonly planned: string[];
}

async function within(launcher: Launcher, body: (subject: Subject) => Promise<void>): Promise<void> {
  const pipeline = await launcher.pipeline({
    files: [new URL('fixtures/store.wgsl', import.meta.url)],
    constants: { FACTOR: 1 },
  });
  using lease = await launcher.upload(Uint32Array.of(77));
  const span: Span = spanOfValues(lease.buffer, 1);
  const planned: string[] = [];
  await body({
    planned,
    question: (candidates) => ({ kernel: 'store', shape: { rows: 1000, type: 'f32' }, candidates, results: [span] }),
    writes: (name, value) => ({
      name,
      async plan() {
        planned.push(name);
        return planOf([
          { pipeline, bindings: [span], immediates: Uint32Array.of(value), workgroups: [1, 1, 1] as const },
        ]);
      },
    }),
  });
}

function tunerBy(launcher: Launcher, store: TuningStore, durations: readonly number[]) {
  const timer = openTimer(launcher, { clock: 'host', now: clockOf(durations) });
  return openTuner(launcher, { identity: 'this', store, timer });
}

test('sizes share a choice up to the next power of two; words, kernels and devices do not', (t) => {
  const key = tuningKey('device', 'topk', { queries: 64, items: 1000, type: 'f16' });
  t.is(tuningKey('device', 'topk', { type: 'f16', items: 513, queries: 64 }), key);
  t.is(tuningKey('device', 'topk', { type: 'f16', items: 1024, queries: 33 }), key);
  const others = [
    tuningKey('device', 'topk', { queries: 64, items: 512, type: 'f16' }),
    tuningKey('device', 'topk', { queries: 65, items: 1000, type: 'f16' }),
    tuningKey('device', 'topk', { queries: 64, items: 1000, type: 'f32' }),
    tuningKey('device', 'dot', { queries: 64, items: 1000, type: 'f16' }),
    tuningKey('another', 'topk', { queries: 64, items: 1000, type: 'f16' }),
  ];
  t.is(new Set([key, ...others]).size, 6);
  const info = { vendor: 'nvidia', architecture: 'hopper', device: 'h100', description: 'driver 1' };
  const identities = [
    tuningIdentity(info, '1.0.0'),
    tuningIdentity(info, '1.0.1'),
    tuningIdentity({ ...info, description: 'driver 2' }, '1.0.0'),
    tuningIdentity({ ...info, device: 'h200' }, '1.0.0'),
  ];
  t.is(new Set(identities).size, 4);
});

onEveryGpu('autotune', (check) => {
  check('the candidate of the least median is chosen, whatever its slowest run took', async (t, launcher) => {
    await within(launcher, async ({ question, writes }) => {
      const store = memory();
      const tuner = tunerBy(launcher, store, [...runs(3), 2, 2, 90, 2, 90, 2.5, 2.5, 1, 1, 2.5]);
      const candidates = [writes('first', 9), writes('second', 9), writes('third', 9)];
      t.is(tuner.chosen('store', question([]).shape), undefined);
      t.is(await tuner.choose(question(candidates)), 'second');
      t.is(tuner.chosen('store', { rows: 1024, type: 'f32' }), 'second');
      t.deepEqual([...store.kept.values()], [{ name: 'second', milliseconds: { first: 3, second: 2, third: 2.5 } }]);
    });
  });

  check('of equals the first is chosen', async (t, launcher) => {
    await within(launcher, async ({ question, writes }) => {
      const tuner = tunerBy(launcher, memory(), [...runs(3), ...runs(2), ...runs(2)]);
      t.is(await tuner.choose(question(['a', 'b', 'c'].map((name) => writes(name, 9)))), 'b');
      const same = tunerBy(launcher, memory(), [...runs(2), ...runs(2), ...runs(2)]);
      t.is(await same.choose(question(['a', 'b', 'c'].map((name) => writes(name, 9)))), 'a');
    });
  });

  check('one that is wrong, writes nothing or does not run is never chosen, fast as it is', async (t, launcher) => {
    await within(launcher, async ({ question, writes }) => {
      const idle: Candidate = { name: 'idle', plan: async () => planOf([]) };
      const broken: Candidate = {
        name: 'broken',
        plan: async () => {
          await launcher.pipeline({ files: [new URL('fixtures/broken.wgsl', import.meta.url)] });
          return planOf([]);
        },
      };
      const candidates = [writes('right', 9), writes('wrong', 8), idle, broken, writes('faster', 9)];
      const store = memory();
      const tuner = tunerBy(launcher, store, [...runs(3), ...runs(1), ...runs(1), ...runs(2)]);
      t.is(await tuner.choose(question(candidates)), 'faster');
      t.deepEqual(store.kept.values().next().value, { name: 'faster', milliseconds: { right: 3, faster: 2 } });
      const lenient = tunerBy(launcher, memory(), [...runs(3), ...runs(1)]);
      const about = { ...question(candidates.slice(0, 2)), agrees: () => true };
      t.is(await lenient.choose(about), 'wrong');
    });
  });

  check(
    'what was measured once is not measured again: at once, later, or by another with its store',
    async (t, launcher) => {
      await within(launcher, async ({ question, writes, planned }) => {
        const store = memory();
        const tuner = tunerBy(launcher, store, [...runs(3), ...runs(2)]);
        const asked = question([writes('first', 9), writes('second', 9)]);
        t.deepEqual(await Promise.all([tuner.choose(asked), tuner.choose(asked)]), ['second', 'second']);
        t.is(await tuner.choose({ ...asked, shape: { rows: 600, type: 'f32' } }), 'second');
        t.is(await tunerBy(launcher, store, []).choose(asked), 'second');
        t.deepEqual(planned, ['first', 'second']);
      });
    },
  );

  check('a choice that is none of the candidates, or no choice at all, is measured anew', async (t, launcher) => {
    await within(launcher, async ({ question, writes }) => {
      const asked = question([writes('first', 9), writes('second', 9)]);
      const key = tuningKey('this', asked.kernel, asked.shape);
      for (const kept of [{ name: 'third' }, { name: 5 }, 'second', null, []]) {
        const store = memory();
        store.kept.set(key, kept);
        t.is(await tunerBy(launcher, store, [...runs(1), ...runs(2)]).choose(asked), 'first');
      }
    });
  });

  check('none, or more than eight candidates are refused, and so is a first that fails', async (t, launcher) => {
    await within(launcher, async ({ question, writes }) => {
      const tuner = tunerBy(launcher, memory(), runs(1));
      const many = Array.from({ length: 9 }, (_, at) => writes(String(at), 9));
      await t.throwsAsync(tuner.choose(question([])), { code: 'INPUT_INVALID', message: /got 0/ });
      await t.throwsAsync(tuner.choose(question(many)), { code: 'INPUT_INVALID', message: /got 9/ });
      const fails: Candidate = { name: 'fails', plan: () => launcher.pipeline({ files: [] }).then(() => planOf([])) };
      await t.throwsAsync(tuner.choose(question([fails, writes('second', 9)])));
      t.is(await tuner.choose(question([writes('first', 9)])), 'first');
    });
  });

  check(
    'a timer takes what its clock says of the steps alone, the device its own where it keeps one',
    async (t, launcher) => {
      await within(launcher, async ({ writes }) => {
        using plan = await writes('one', 9).plan();
        using host = openTimer(launcher, { clock: 'host', now: clockOf([4, 7]) });
        t.deepEqual([host.clock, await host.time(plan.steps), await host.time(plan.steps)], ['host', 4, 7]);
        using own = openTimer(launcher, { now: clockOf([4]) });
        t.is(own.clock, launcher.device.features.has('timestamp-query') ? 'device' : 'host');
        t.true((await own.time(plan.steps)) >= 0);
      });
    },
  );
});
