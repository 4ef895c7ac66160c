import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { plan, type Load } from '../../../server/host/scaler.ts';
import type { Scaling } from '../../../shard/app/scaling.ts';

const scaling: Scaling = { minWorkers: 0, maxWorkers: 8, bufferWorkers: 0, scaledownWindow: 100 };
const load: Load = { now: 1_000, busy: 0, idle: [], starting: 0, waiting: 0, usedAt: -Infinity };

test('a function that is not used has the workers that it keeps, and no other', (t) => {
  t.like(plan(scaling, load), { start: 0, end: 0, again: undefined });
  t.like(plan({ ...scaling, minWorkers: 3 }, { ...load, starting: 1 }), { start: 2, end: 0 });
});

test('what waits has workers started, beside those that start already and up to the maximum', (t) => {
  t.is(plan(scaling, { ...load, busy: 2, waiting: 3, starting: 1 }).start, 2);
  t.is(plan(scaling, { ...load, busy: 2, waiting: 100 }).start, 6);
});

test('idle workers are kept beside the busy ones while the function is in use, and for the window after', (t) => {
  const buffered = { ...scaling, bufferWorkers: 2 };
  t.is(plan(buffered, { ...load, busy: 1 }).start, 2);
  t.is(plan(buffered, { ...load, busy: 7 }).start, 1);
  const idle = [0, 0, 0];
  t.like(plan(buffered, { ...load, idle, usedAt: 950 }), { end: 1, again: 50 });
  t.is(plan(buffered, { ...load, idle, usedAt: 900 }).end, 3);
});

test('an idle worker ends after the window, and no sooner', (t) => {
  t.like(plan(scaling, { ...load, idle: [901, 950] }), { end: 0, again: 1 });
  t.like(plan(scaling, { ...load, idle: [900, 950] }), { end: 1, again: 50 });
  t.like(plan({ ...scaling, minWorkers: 1 }, { ...load, idle: [900, 950] }), { end: 1, again: undefined });
});

test('workers beyond a maximum that was lowered end when they are idle, without waiting for the window', (t) => {
  const one = { ...scaling, maxWorkers: 1 };
  t.is(plan(one, { ...load, busy: 3, idle: [999] }).end, 1);
  t.is(plan(one, { ...load, idle: [998, 999] }).end, 1);
});

const scalings = fc
  .record({
    minWorkers: fc.nat({ max: 4 }),
    more: fc.nat({ max: 4 }),
    bufferWorkers: fc.nat({ max: 4 }),
    scaledownWindow: fc.nat({ max: 50 }),
  })
  .map(({ more, ...rest }): Scaling => ({ ...rest, maxWorkers: Math.max(1, rest.minWorkers + more) }));

type Step = { readonly kind: 'wait' | 'arrive' | 'finish' | 'ready' | 'die'; readonly amount: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('wait', 'arrive', 'finish', 'ready', 'die'),
    amount: fc.integer({ min: 1, max: 30 }),
  }),
  { maxLength: 60 },
);

/** A function whose workers do as the plan says. Asks for it again when it was told to, and whenever something happens. */
class Model {
  now = 0;
  busy = 0;
  idle: number[] = [];
  starting = 0;
  waiting = 0;
  usedAt = -Infinity;
  again: number | undefined;
  ended: number[] = [];

  readonly scaling: Scaling;

  constructor(settings: Scaling) {
    this.scaling = settings;
    this.adjust();
  }

  get workers(): number {
    return this.busy + this.idle.length + this.starting;
  }

  adjust(): void {
    for (; this.waiting > 0 && this.idle.length > 0; this.waiting--, this.busy++) this.idle.pop();
    if (this.busy + this.waiting > 0) this.usedAt = this.now;
    const { now, busy, idle, starting, waiting, usedAt } = this;
    const { start, end, again } = plan(this.scaling, { now, busy, idle, starting, waiting, usedAt });
    this.starting += start;
    this.ended = this.idle.toSorted((one, other) => one - other).slice(0, end);
    for (const since of this.ended) this.idle.splice(this.idle.indexOf(since), 1);
    this.again = again === undefined ? undefined : this.now + again;
  }

  pass(milliseconds: number): void {
    const until = this.now + milliseconds;
    while (this.again !== undefined && this.again <= until) {
      this.now = this.again;
      this.adjust();
    }
    this.now = until;
  }

  take({ kind, amount }: Step): void {
    if (kind === 'wait') this.pass(amount);
    if (kind === 'arrive') this.waiting += amount % 4;
    if (kind === 'ready' && this.starting > 0) {
      this.starting--;
      this.idle.push(this.now);
    }
    if (kind === 'finish' && this.busy > 0) {
      this.busy--;
      this.idle.push(this.now);
    }
    if (kind === 'die' && this.busy > 0) this.busy--;
    this.adjust();
  }
}

testProp(
  'whatever happens, there are as many workers as the options say, and in the end those that are kept',
  [scalings, steps],
  (t, settings, all) => {
    const { minWorkers, maxWorkers, scaledownWindow } = settings;
    const model = new Model(settings);
    for (const step of all) {
      model.take(step);
      t.true(model.workers >= minWorkers && model.workers <= maxWorkers);
      t.true(model.waiting === 0 || model.workers === maxWorkers || model.starting > 0);
      t.true(model.ended.every((since) => model.now - since >= scaledownWindow));
    }
    for (let turn = 0; model.busy + model.starting + model.waiting > 0 && turn < 500; turn++) {
      model.take({ kind: 'ready', amount: 1 });
      model.take({ kind: 'finish', amount: 1 });
    }
    model.pass(2 * scaledownWindow + 1);
    t.is(model.workers, minWorkers);
    t.is(model.again, undefined);
  },
  { verbose: 1 },
);
