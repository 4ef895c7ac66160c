import test from 'ava';
import { cron } from '../../../sdk/app/cron.ts';
import { App } from '../../../sdk/app/app.ts';

test('a schedule has its pattern, its zone and what is done about missed runs', (t) => {
  t.deepEqual(cron('0 3 * * *'), { pattern: '0 3 * * *', timezone: 'UTC', missed: 'last' });
  t.deepEqual(cron('@daily', { timezone: 'Europe/Berlin', missed: 'all' }), {
    pattern: '@daily',
    timezone: 'Europe/Berlin',
    missed: 'all',
  });
});

const refused = test.macro({
  title: (what) => `${what} is no schedule`,
  exec(t, make: () => unknown, message: RegExp) {
    t.throws(make, { code: 'OPTION_INVALID', message });
  },
});

test('a minute that there is not', refused, () => cron('60 * * * *'), /Invalid value for minute: 60/);
test('a pattern with seconds', refused, () => cron('* * * * * *'), /requires exactly 5 parts/);
test('a day that never comes', refused, () => cron('0 0 30 2 *'), /never comes/);
test('a zone that there is not', refused, () => cron('0 3 * * *', { timezone: 'Mars/Olympus' }), /Mars\/Olympus/);
test(
  'another policy',
  refused,
  () => cron('0 3 * * *', { missed: 'some' as 'all' }),
  /missed to be one of skip, last, all/,
);
test('a misspelt option', refused, () => cron('0 3 * * *', { zone: 'UTC' } as object), /Unknown option zone of cron/);
test(
  'what was not made by cron, of a function',
  refused,
  () => new App('a').function('b', { schedule: '0 3 * * *' as never }, () => {}),
  /missed to be one of/,
);
