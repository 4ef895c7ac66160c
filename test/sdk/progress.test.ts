import test from 'ava';
import { Meter } from '../../sdk/progress/meter.ts';
import { Reporter, type Display } from '../../sdk/progress/reporter.ts';
import { describe, terminalDisplay } from '../../sdk/progress/terminal.ts';
import type { MapProgress } from '../../sdk/contract.ts';
import { FakeClock } from '../shard/fake-clock.ts';

const none = { done: 0, failed: 0, retried: 0, resent: 0, hedged: 0 };
const counts = (done: number) => ({ ...none, done, lanes: ['a'] });

/** A clock that the test moves by hand. */
class Hand extends FakeClock {
  time = 0;
  override now(): number {
    return this.time;
  }
}

test('the rate follows the latest seconds, and tells how long is left', (t) => {
  const clock = new Hand();
  const meter = new Meter(clock, 1000);
  for (let second = 1; second <= 5; second++) {
    clock.time = second * 1000;
    meter.count(counts(second * 100));
    const { rate, etaSeconds } = meter.read();
    t.is(Math.round(rate), 100);
    t.is(Math.round(etaSeconds!), 10 - second);
  }
});

test('without a total there is no estimate of what is left', (t) => {
  t.deepEqual(new Meter(new Hand(), undefined).read(), { ...none, rate: 0, nodes: [] });
});

test('each display is updated at its own pace, and once at the end', (t) => {
  const clock = new Hand();
  const seen: string[] = [];
  const display = (name: string, interval: number): Display => ({
    interval,
    update: ({ done }) => seen.push(`${name}${done}`),
    finish: ({ done }) => seen.push(`${name}${done} end`),
  });
  const reporter = new Reporter(clock, undefined, [display('a', 100), display('b', 250)]);
  for (let done = 1; done <= 6; done++) {
    clock.time += 50;
    reporter.count(counts(done));
  }
  reporter.finish();
  t.deepEqual(seen, ['a2', 'a4', 'b5', 'a6', 'a6 end', 'b6 end']);
});

test('where there is no terminal, progress is plain lines', (t) => {
  let written = '';
  const stream = { isTTY: false, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
  const display = terminalDisplay(stream);
  const progress: MapProgress = {
    done: 1024,
    failed: 2,
    retried: 0,
    resent: 64,
    hedged: 16,
    total: 5000,
    rate: 812,
    etaSeconds: 4.9,
    nodes: ['a', 'b'],
  };
  display.update(progress);
  t.is(written, '1,024/5,000 done, 2 failed, 64 sent again, 16 hedged, 812/s, 5s left, 2 nodes\n');
});

/** What is written to a terminal for one reading. */
function drawn(progress: MapProgress, columns = 200): string {
  let written = '';
  const stream = {
    isTTY: true,
    columns,
    write: (text: string) => (written += text),
    cursorTo() {},
    clearLine() {},
    moveCursor() {},
  } as unknown as NodeJS.WriteStream;
  terminalDisplay(stream).finish(progress);
  return written;
}

test('on a terminal, progress is a bar that ends full', (t) => {
  t.regex(drawn({ ...none, done: 10, total: 10, rate: 5, nodes: [] }), /█{24} 10\/10 done, 5\.0\/s/);
  t.regex(drawn({ ...none, done: 5, total: 10, rate: 5, nodes: ['a'] }), /█{12}░{12} 5\/10 done, 5\.0\/s, 1 node/);
});

test('on a terminal, progress without a total is told without a bar', (t) => {
  const text = drawn({ ...none, done: 10, resent: 3, rate: 5, nodes: ['a', 'b'] });
  t.regex(text, /10 done, 3 sent again, 5\.0\/s, 2 nodes/);
  t.notRegex(text, /[█░]/);
});

test('a bar hides no cursor and sets no mode, which Ctrl-C would leave behind, and keeps to the width', (t) => {
  t.false(drawn({ ...none, done: 5, total: 10, rate: 5, nodes: ['a'] }).includes('\u001B[?'));
  const narrow = drawn({ ...none, done: 5, resent: 3, rate: 5, nodes: ['a', 'b'] }, 12);
  t.regex(narrow, /5 done, 3 s/);
  t.notRegex(narrow, /sent/);
});

test('long waits are told in minutes and hours', (t) => {
  const progress = { ...none, retried: 3, rate: 1, nodes: ['a'] };
  t.is(describe({ ...progress, etaSeconds: 125 }), '0 done, 3 retried, 1.0/s, 2m 5s left, 1 node');
  t.regex(describe({ ...progress, etaSeconds: 7384 }), /2h 3m left/);
});
