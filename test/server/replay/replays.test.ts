import test from 'ava';
import type { Recording } from '../../../server/replay/recording.ts';
import { Replays } from '../../../server/replay/replays.ts';
import { ManualClock } from '../fixtures/clock.ts';

const never = new AbortController().signal;

interface Fixture {
  readonly clock: ManualClock;
  readonly replays: Replays;
  readonly begin: (batch: number, fingerprint?: string) => { recording: Recording; controller: AbortController };
}

function fixture({ replayBytes = 1000 } = {}): Fixture {
  const clock = new ManualClock();
  const replays = new Replays({ replayMs: 5000, replayBytes }, clock);
  return {
    clock,
    replays,
    begin(batch, fingerprint = 'same') {
      const controller = new AbortController();
      const identity = { call: 'c', batch, attempt: 0 };
      return { controller, recording: replays.begin({ identity, fingerprint, mediaType: 'm', controller }) };
    },
  };
}

const id = (batch: number): { call: string; batch: number; attempt: number } => ({ call: 'c', batch, attempt: 0 });

test('a run that nobody listens to any more is stopped when its time is over, and not before', (t) => {
  const { clock, begin } = fixture();
  const { recording, controller } = begin(0);
  recording.listen(0, never)[Symbol.dispose]();
  clock.advance(4999);
  t.false(controller.signal.aborted);
  clock.advance(1);
  t.is((controller.signal.reason as { code: string }).code, 'CLIENT_GONE');
});

test('a run whose client comes back is not stopped', (t) => {
  const { clock, replays, begin } = fixture();
  const { recording, controller } = begin(0);
  recording.listen(0, never)[Symbol.dispose]();
  clock.advance(4999);
  using _ = replays.resume(id(0), 0).listen(0, never);
  clock.advance(100_000);
  t.false(controller.signal.aborted);
});

test('what has ended is remembered for a while, and then no more', (t) => {
  const { clock, replays, begin } = fixture();
  const { recording } = begin(0);
  recording.end('done');
  clock.advance(4999);
  t.is(replays.resume(id(0), 0), recording);
  clock.advance(1);
  t.throws(() => replays.resume(id(0), 0), { code: 'BATCH_UNKNOWN' });
  t.is(replays.bytes, 0);
});

test('what has failed as a whole is not remembered', (t) => {
  const { replays, begin } = fixture();
  begin(0).recording.fail(new Error('no'));
  t.throws(() => replays.resume(id(0), 0), { code: 'BATCH_UNKNOWN' });
});

test('a batch with another body under the same identity is refused', (t) => {
  const { replays, begin } = fixture();
  const { recording } = begin(0, 'one');
  t.is(replays.find({ identity: id(0), fingerprint: 'one' }), recording);
  t.is(replays.find({ identity: id(1), fingerprint: 'one' }), undefined);
  t.throws(() => replays.find({ identity: id(0), fingerprint: 'other' }), {
    code: 'BATCH_CONFLICT',
    message: /^Batch 0, attempt 0, of call "c" was sent before with another body/,
  });
});

test('the oldest that have ended are forgotten above the bound on bytes', (t) => {
  const { replays, begin } = fixture({ replayBytes: 10 });
  for (const batch of [0, 1, 2]) begin(batch).recording.end('12345');
  t.is(replays.bytes, 10);
  t.throws(() => replays.resume(id(0), 0), { code: 'BATCH_UNKNOWN' });
  t.truthy(replays.resume(id(1), 0));
  t.truthy(replays.resume(id(2), 0));
});

test('a run keeps no more of what it has told than the bound on bytes, and can be resumed from there', async (t) => {
  const { replays, begin } = fixture({ replayBytes: 10 });
  const { recording } = begin(0);
  using listening = recording.listen(0, never);
  for (const piece of ['123456', 'abcdef']) {
    await recording.add(piece);
    t.is(await listening.next(), piece);
  }
  await recording.add('x');
  t.true(replays.bytes <= 10);
  t.throws(() => replays.resume(id(0), 0), { code: 'BATCH_UNKNOWN', message: /Part 0 of the answer .* is not kept/ });
  t.throws(() => replays.find({ identity: id(0), fingerprint: 'same' }), { code: 'BATCH_UNKNOWN' });
  using again = replays.resume(id(0), 2).listen(2, never);
  t.is(await again.next(), 'x');
});

test('a batch that is stopped is aborted and forgotten, and so is a call', (t) => {
  const { replays, begin } = fixture();
  const stopped = begin(0);
  replays.stop(id(0));
  t.is((stopped.controller.signal.reason as { code: string }).code, 'CALL_CANCELLED');
  t.is(replays.find({ identity: id(0), fingerprint: 'same' }), undefined);
  begin(1).recording.end('x');
  replays.forget('other');
  t.truthy(replays.resume(id(1), 0));
  replays.forget('c');
  t.throws(() => replays.resume(id(1), 0), { code: 'BATCH_UNKNOWN' });
  replays.stop(id(9));
});

test('a batch without a name is stopped as soon as nobody listens, and keeps nothing of what was told', async (t) => {
  const { replays } = fixture();
  const controller = new AbortController();
  const recording = replays.begin({ identity: undefined, fingerprint: '', mediaType: 'm', controller });
  const listening = recording.listen(0, never);
  await recording.add('a');
  await listening.next();
  await recording.add('b');
  t.is(recording.bytes, 1);
  listening[Symbol.dispose]();
  t.is((controller.signal.reason as { code: string }).code, 'CLIENT_GONE');
});
