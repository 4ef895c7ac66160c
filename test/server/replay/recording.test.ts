import fc from 'fast-check';
import test from 'ava';
import { setImmediate as breathe } from 'node:timers/promises';
import { testProp } from '@fast-check/ava';
import { type Listening, type Piece, Recording } from '../../../server/replay/recording.ts';

interface Fixture {
  readonly recording: Recording;
  readonly controller: AbortController;
  changes: number;
}

function fixture(): Fixture {
  const controller = new AbortController();
  const recording = new Recording({
    mediaType: 'text/plain',
    signal: controller.signal,
    onChange: () => made.changes++,
  });
  const made: Fixture = { recording, controller, changes: 0 };
  return made;
}

const never = new AbortController().signal;

async function all(listening: Listening): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (let piece = await listening.next(); piece !== undefined; piece = await listening.next()) pieces.push(piece);
  return pieces;
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => void (done = true);
  promise.then(mark, mark);
  for (let turn = 0; turn < 5; turn++) await breathe();
  return done;
}

test('who listens from the start, in the middle or after the end hears the same', async (t) => {
  const { recording } = fixture();
  using early = recording.listen(0, never);
  const heard = all(early);
  await recording.add('a');
  await recording.add('b');
  using middle = recording.listen(1, never);
  recording.end('c');
  using late = recording.listen(0, never);
  t.deepEqual(await heard, ['a', 'b', 'c']);
  t.deepEqual(await all(middle), ['b', 'c']);
  t.deepEqual(await all(late), ['a', 'b', 'c']);
});

test('a run waits while nobody listens, and goes on when someone does', async (t) => {
  const { recording } = fixture();
  const added = recording.add('a');
  t.false(await settled(added));
  using listening = recording.listen(0, never);
  await added;
  t.is(await listening.next(), 'a');
});

test('a run is no further ahead than a little of the one who listens most eagerly', async (t) => {
  const { recording } = fixture();
  using listening = recording.listen(0, never);
  using _lazy = recording.listen(0, never);
  const large = 'x'.repeat(100_000);
  const added = recording.add(large);
  t.false(await settled(added));
  t.is(await listening.next(), large);
  await added;
});

test('a run that is to end is told so where it waits', async (t) => {
  const { recording, controller } = fixture();
  const added = recording.add('a');
  controller.abort(new Error('enough'));
  await t.throwsAsync(added, { message: 'enough' });
  await t.throwsAsync(recording.add('b'), { message: 'enough' });
});

test('an error reaches all who listen, after what was told before it', async (t) => {
  const { recording } = fixture();
  using one = recording.listen(0, never);
  await recording.add('a');
  using other = recording.listen(1, never);
  recording.fail(new Error('broken'));
  t.is(await one.next(), 'a');
  await t.throwsAsync(one.next(), { message: 'broken' });
  await t.throwsAsync(other.next(), { message: 'broken' });
});

test('who stops listening is not waited for', async (t) => {
  const { recording } = fixture();
  const controller = new AbortController();
  const listening = recording.listen(0, controller.signal);
  const next = listening.next();
  controller.abort(new Error('gone'));
  await t.throwsAsync(next, { message: 'gone' });
  t.false(recording.gone);
  listening[Symbol.dispose]();
  t.true(recording.gone);
});

test('what is trimmed can not be heard again, and the rest can', async (t) => {
  const { recording } = fixture();
  using slow = recording.listen(0, never);
  using quick = recording.listen(0, never);
  await recording.add('aa');
  await recording.add('bb');
  t.deepEqual([await quick.next(), await quick.next(), await slow.next()], ['aa', 'bb', 'aa']);
  recording.trim();
  t.is(recording.bytes, 2, 'what one has yet to hear is kept');
  t.false(recording.has(0));
  t.true(recording.has(1) && recording.has(2));
  t.false(recording.has(3));
  t.is(await slow.next(), 'bb');
});

testProp(
  'whoever comes whenever hears each piece from theirs on once, in order, whatever is trimmed',
  [fc.array(fc.oneof(fc.constant('add'), fc.constant('come'), fc.constant('trim')), { maxLength: 40 })],
  async (t, steps) => {
    const { recording } = fixture();
    using first = recording.listen(0, never);
    const heard = [{ from: 0, pieces: all(first) }];
    let added = 0;
    for (const step of steps) {
      if (step === 'add') await recording.add(String(added++));
      else if (step === 'trim') recording.trim();
      else if (recording.has(added)) heard.push({ from: added, pieces: all(recording.listen(added, never)) });
    }
    recording.end('end');
    const told = [...Array.from({ length: added }, (_, index) => String(index)), 'end'];
    for (const { from, pieces } of heard) t.deepEqual(await pieces, told.slice(from));
  },
);
