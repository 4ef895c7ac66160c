import test from 'ava';
import { Times } from '../../../server/schedules/times.ts';
import type { Schedule } from '../../../shard/app/schedule.ts';

const schedule = (pattern: string, more: Partial<Schedule> = {}): Schedule => ({
  pattern,
  timezone: 'UTC',
  missed: 'last',
  ...more,
});
const at = (text: string): number => Date.parse(text);
const berlin = { timezone: 'Europe/Berlin' };

function next(of: Schedule, from: string, count: number): string[] {
  const times = new Times(of);
  const found: string[] = [];
  for (let time = times.after(at(from)); found.length < count; time = times.after(time)) {
    found.push(new Date(time).toISOString());
  }
  return found;
}

test('a time is the same hour of the day on both sides of a change of the clock', (t) => {
  t.deepEqual(next(schedule('0 3 * * *', berlin), '2026-03-27T12:00:00Z', 3), [
    '2026-03-28T02:00:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T01:00:00.000Z',
  ]);
});

test('a time that a change of the clock leaves out is made up for when the clock has changed', (t) => {
  // At 2 it is 3: half past 2 is not.
  t.deepEqual(next(schedule('30 2 * * *', berlin), '2026-03-28T12:00:00Z', 2), [
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

test('a time of day that comes twice counts once, at first', (t) => {
  t.deepEqual(next(schedule('30 2 * * *', berlin), '2026-10-24T12:00:00Z', 2), [
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
});

test('what comes each hour comes each hour, whatever the clock says', (t) => {
  t.deepEqual(next(schedule('0 * * * *', berlin), '2026-10-24T23:30:00Z', 3), [
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T01:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
  ]);
});

const hourly = (missed: Schedule['missed']) => new Times(schedule('0 * * * *', { missed }));
const due = (missed: Schedule['missed'], last: string, now: string): string[] =>
  hourly(missed)
    .due(at(last), at(now))
    .map((time) => new Date(time).toISOString().slice(11, 16));

test('what is late by less than a minute is run whatever the policy', (t) => {
  for (const missed of ['skip', 'last', 'all'] as const) {
    t.deepEqual(due(missed, '2026-05-01T05:59:00Z', '2026-05-01T06:00:59Z'), ['06:00']);
  }
});

test('of what was missed none, the last or all is run', (t) => {
  const [last, now] = ['2026-05-01T05:30:00Z', '2026-05-01T09:10:00Z'];
  t.deepEqual(due('skip', last, now), []);
  t.deepEqual(due('last', last, now), ['09:00']);
  t.deepEqual(due('all', last, now), ['06:00', '07:00', '08:00', '09:00']);
});

test('what was missed before one that is due now is no better than that one', (t) => {
  const [last, now] = ['2026-05-01T05:30:00Z', '2026-05-01T08:00:10Z'];
  t.deepEqual(due('skip', last, now), ['08:00']);
  t.deepEqual(due('last', last, now), ['08:00']);
});

test('no more than a thousand missed runs are made up for', (t) => {
  const every = new Times(schedule('* * * * *', { missed: 'all' }));
  const found = every.due(at('2026-05-01T00:00:00Z'), at('2026-05-03T00:00:30Z'));
  t.is(found.length, 1_000);
  t.is(found.at(-1), at('2026-05-03T00:00:00Z'));
});

test('what was missed in years of minutes is not counted one by one', (t) => {
  const last = at('1970-01-01T00:00:00Z');
  const now = at('2026-05-01T12:00:30Z');
  const times = (missed: Schedule['missed']): number[] => new Times(schedule('* * * * *', { missed })).due(last, now);
  t.deepEqual(times('last'), [now - 30_000]);
  t.deepEqual(times('skip'), [now - 30_000]);
  const all = times('all');
  t.is(all.length, 1_000);
  t.deepEqual([all[0], all.at(-1)], [now - 30_000 - 999 * 60_000, now - 30_000]);
  t.deepEqual(new Times(schedule('0 0 29 2 *')).due(last, now), [at('2024-02-29T00:00:00Z')]);
});
