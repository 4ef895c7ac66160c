import { setImmediate as breathe } from 'node:timers/promises';
import { pino } from 'pino';
import test from 'ava';
import type { Entry } from '../../../server/journal/contract.ts';
import { ManualClock } from '../fixtures/clock.ts';
import { Writing } from '../../../server/journal/writing.ts';

function entry(first: number, bytes = 10): Entry {
  return { first, count: 1, hashes: new Uint8Array(16), block: new Uint8Array(bytes) };
}

interface Fixture {
  readonly clock: ManualClock;
  readonly writing: Writing;
  /** The firsts of each commit, by key. */
  readonly commits: (readonly [id: number, firsts: readonly number[]])[];
  readonly lines: Record<string, unknown>[];
  /** Lets the oldest write that waits end. */
  release(result: boolean | Error): Promise<void>;
}

function fixture(): Fixture {
  const commits: [number, number[]][] = [];
  const lines: Record<string, unknown>[] = [];
  const waiting: PromiseWithResolvers<boolean>[] = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const clock = new ManualClock();
  const writing = new Writing({
    log,
    clock,
    write(id, entries) {
      commits.push([id, entries.map(({ first }) => first)]);
      const turn = Promise.withResolvers<boolean>();
      waiting.push(turn);
      return turn.promise;
    },
  });
  return {
    clock,
    writing,
    commits,
    lines,
    async release(result) {
      await breathe();
      const turn = waiting.shift();
      if (result instanceof Error) turn?.reject(result);
      else turn?.resolve(result);
      await breathe();
    },
  };
}

test('what is added while something is written is written together', async (t) => {
  const made = fixture();
  const { writing, commits } = made;
  await writing.add(1, entry(0));
  await writing.add(1, entry(1));
  await breathe();
  for (const [id, first] of [
    [1, 2],
    [2, 0],
    [1, 3],
    [2, 1],
  ] as const)
    await writing.add(id, entry(first));
  await made.release(true);
  await made.release(true);
  await made.release(true);
  await writing.done();
  t.deepEqual(commits, [
    [1, [0]],
    [1, [1, 2, 3]],
    [2, [0, 1]],
  ]);
});

test('who adds waits only while too many bytes are on their way', async (t) => {
  const made = fixture();
  await made.writing.add(1, entry(0, 40 * 2 ** 20));
  let added = false;
  const adding = made.writing.add(1, entry(1)).then(() => (added = true));
  await breathe();
  t.false(added);
  await made.release(true);
  await adding;
  await made.release(true);
  await made.writing.done();
  t.is(made.commits.length, 2);
});

for (const [why, result] of [
  ['is full', false],
  ['fails', new Error('no space left on device')],
] as const) {
  test(`a journal that ${why} is logged once, and nothing more of that key is written for a minute`, async (t) => {
    const made = fixture();
    const { clock, writing, commits, lines } = made;
    await writing.add(1, entry(0));
    await breathe();
    // This one waits behind it, and has no chance either.
    await writing.add(1, entry(9));
    await made.release(result);
    await writing.done();
    await writing.add(1, entry(1));
    await writing.add(2, entry(0));
    await made.release(true);
    await writing.done();
    t.deepEqual(commits, [
      [1, [0]],
      [2, [0]],
    ]);
    t.is(lines.length, 1);
    t.regex(String(lines[0]!['msg']), /nothing more is journaled under this key for 60 s/);
    clock.advance(60_000);
    await writing.add(1, entry(2));
    await made.release(true);
    await writing.done();
    t.deepEqual(commits.at(-1), [1, [2]]);
  });
}
