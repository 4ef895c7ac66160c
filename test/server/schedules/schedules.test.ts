import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createLog } from '../../../server/log.ts';
import { LocalObjects } from '../../../server/objects/local.ts';
import { type Scheduled, Schedules } from '../../../server/schedules/schedules.ts';
import type { Schedule } from '../../../shard/app/schedule.ts';
import { ManualClock } from '../fixtures/clock.ts';

const MINUTE = 60_000;
const nightly = (more: Partial<Schedule> = {}, version = 1): Scheduled => ({
  function: 'app/nightly',
  version,
  schedule: { pattern: '0 3 * * *', timezone: 'UTC', missed: 'last', ...more },
});

/** Nodes that share a store of objects and a time of day. */
class House implements AsyncDisposable {
  readonly folder: string;
  readonly objects: LocalObjects;
  /** Keys, in the order in which they were fired. */
  readonly fired: string[] = [];
  now: number;
  failing = false;
  #clocks: ManualClock[] = [];
  #nodes: Schedules[] = [];

  private constructor(folder: string, objects: LocalObjects, now: string) {
    this.folder = folder;
    this.objects = objects;
    this.now = Date.parse(now);
  }

  static async open(now: string): Promise<House> {
    const folder = await mkdtemp(join(tmpdir(), 'warpmap-schedules-'));
    return new House(folder, await LocalObjects.open(folder), now);
  }

  node(scheduled: readonly Scheduled[]): Schedules {
    const clock = new ManualClock();
    const node = new Schedules({
      objects: async () => this.objects,
      fire: async (_runnable, key) => {
        if (this.failing) throw new Error('the store is away');
        if (!this.fired.includes(key)) this.fired.push(key);
      },
      clock,
      time: () => this.now,
      log: createLog({ level: 'silent' }),
    });
    this.#clocks.push(clock);
    this.#nodes.push(node);
    node.follow(scheduled);
    return node;
  }

  /** Lets time pass, in steps of a minute at most, and all nodes do what falls due. */
  async pass(minutes: number): Promise<void> {
    for (let left = minutes; left >= 0; left--) {
      // What was begun is over: files are read and written.
      for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => void setTimeout(resolve, 1));
      if (left === 0) return;
      this.now += MINUTE;
      for (const clock of this.#clocks) clock.advance(MINUTE);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()));
    await rm(this.folder, { recursive: true });
  }
}

const key = (time: string): string => `cron:app/nightly:${time}:00.000Z`;

test('a function is run when it is due, once however many nodes there are', async (t) => {
  await using house = await House.open('2026-05-01T02:57:00Z');
  house.node([nightly()]);
  house.node([nightly()]);
  await house.pass(2);
  t.deepEqual(house.fired, []);
  await house.pass(3);
  t.deepEqual(house.fired, [key('2026-05-01T03:00')]);
});

test('what was missed while no node was up is made up for, and nothing from before there was a schedule', async (t) => {
  await using house = await House.open('2026-05-01T02:00:00Z');
  const node = house.node([nightly()]);
  await house.pass(1);
  await node[Symbol.asyncDispose]();
  house.now = Date.parse('2026-05-04T12:00:00Z');
  house.node([nightly()]);
  await house.pass(1);
  t.deepEqual(house.fired, [key('2026-05-04T03:00')]);
});

test('a schedule that was changed begins anew', async (t) => {
  await using house = await House.open('2026-05-01T02:00:00Z');
  const node = house.node([nightly()]);
  await house.pass(1);
  await node[Symbol.asyncDispose]();
  house.now = Date.parse('2026-05-04T12:00:00Z');
  house.node([nightly({ pattern: '0 4 * * *' }, 2)]);
  await house.pass(1);
  t.deepEqual(house.fired, []);
});

test('a run that can not be begun is begun when the store is back', async (t) => {
  await using house = await House.open('2026-05-01T02:58:00Z');
  house.failing = true;
  house.node([nightly()]);
  await house.pass(10);
  t.deepEqual(house.fired, []);
  house.failing = false;
  await house.pass(1);
  t.deepEqual(house.fired, [key('2026-05-01T03:00')]);
});

test('a function that is not current any more is not run', async (t) => {
  await using house = await House.open('2026-05-01T02:58:00Z');
  const node = house.node([nightly()]);
  await house.pass(1);
  node.follow([]);
  await house.pass(3);
  t.deepEqual(house.fired, []);
});

test('a clock that is set back runs nothing twice', async (t) => {
  await using house = await House.open('2026-05-01T02:59:00Z');
  house.node([nightly()]);
  await house.pass(2);
  house.now = Date.parse('2026-05-01T02:50:00Z');
  await house.pass(15);
  t.deepEqual(house.fired, [key('2026-05-01T03:00')]);
});
