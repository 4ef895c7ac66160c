import test from 'ava';
import { CoreError } from '../../../core/errors.ts';
import { openSessions, SessionPool } from '../../../core/encoder/pool.ts';
import type { Session, SessionOptions, TokenBatch } from '../../../core/runtime/contract.ts';

const device = { kind: 'cpu', index: 0, name: 'test', software: false, features: [] } as const;

/** A session whose runs the test answers, and which writes down what happens to it. */
class HeldSession implements Session {
  readonly runtime = 'onnx';
  readonly device = device;
  readonly dims = 1;
  readonly runs: PromiseWithResolvers<Float32Array<ArrayBuffer>>[] = [];
  disposed = 0;

  run(): Promise<Float32Array<ArrayBuffer>> {
    const held = Promise.withResolvers<Float32Array<ArrayBuffer>>();
    this.runs.push(held);
    return held.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
  }
}

const batch = (): TokenBatch => ({ rows: 1, width: 1, ids: Int32Array.of(1), lengths: Int32Array.of(1) });

function pool(): { sessions: HeldSession[]; pool: SessionPool } {
  const sessions = [new HeldSession()];
  const openSecond = async (): Promise<Session> => {
    sessions.push(new HeldSession());
    return sessions[1] as Session;
  };
  return { sessions, pool: new SessionPool(sessions[0] as Session, openSecond) };
}

/** Lets everything that is ready happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a second session opens only when a batch finds the first one busy', async (t) => {
  const { sessions, pool: both } = pool();
  const first = both.run(batch());
  sessions[0]?.runs[0]?.resolve(Float32Array.of(1));
  await first;
  void both.run(batch());
  t.is(sessions.length, 1);
  void both.run(batch());
  await settle();
  t.is(sessions.length, 2);
});

test('a batch goes to the session with the fewest that wait, and another is not opened', async (t) => {
  const { sessions, pool: both } = pool();
  void both.run(batch());
  void both.run(batch());
  await settle();
  void both.run(batch());
  void both.run(batch());
  void both.run(batch());
  await settle();
  t.deepEqual(
    sessions.map(({ runs }) => runs.length),
    [3, 2],
  );
});

test('answers keep the order in which they were asked, also behind one that failed', async (t) => {
  const { sessions, pool: both } = pool();
  const order: string[] = [];
  const asked = async (name: string): Promise<void> => {
    await both.run(batch()).then(
      () => order.push(name),
      () => order.push(`${name} failed`),
    );
  };
  const runs = [asked('a'), asked('b')];
  await settle();
  runs.push(asked('c'));
  sessions[1]?.runs[0]?.resolve(Float32Array.of(1));
  await settle();
  t.deepEqual(order, []);
  sessions[0]?.runs[0]?.reject(new CoreError('OUT_OF_MEMORY', 'test'));
  sessions[0]?.runs[1]?.resolve(Float32Array.of(1));
  await Promise.all(runs);
  t.deepEqual(order, ['a failed', 'b', 'c']);
});

test('where the second can not open, the first does all', async (t) => {
  const only = new HeldSession();
  let asked = 0;
  const both = new SessionPool(only, async () => {
    asked++;
    throw new CoreError('OUT_OF_MEMORY', 'test');
  });
  for (let run = 0; run < 4; run++) {
    void both.run(batch());
    await settle();
  }
  t.is(only.runs.length, 4);
  t.is(asked, 1);
});

test('disposal closes each session once, the one that is opening too, and then runs are refused', async (t) => {
  const { sessions, pool: both } = pool();
  void both.run(batch());
  void both.run(batch());
  await Promise.all([both[Symbol.asyncDispose](), both[Symbol.asyncDispose]()]);
  t.deepEqual(
    sessions.map(({ disposed }) => disposed),
    [1, 1],
  );
  await t.throwsAsync(both.run(batch()), { code: 'DISPOSED' });
});

test('the cores of a CPU are shared out; one core, or a GPU, has one session', async (t) => {
  const opened = async (options: Omit<SessionOptions, 'model'>): Promise<(number | undefined)[]> => {
    const threads: (number | undefined)[] = [];
    const runtime = {
      async open(each: SessionOptions) {
        threads.push(each.threads);
        return new HeldSession();
      },
    };
    const session = await openSessions(runtime, options as SessionOptions);
    void session.run(batch());
    void session.run(batch());
    await settle();
    await session[Symbol.asyncDispose]();
    return threads;
  };
  t.deepEqual(await opened({ device, threads: 1 }), [1]);
  t.deepEqual(await opened({ device, threads: 2 }), [1, 1]);
  t.deepEqual(await opened({ device, threads: 5 }), [3, 2]);
  t.deepEqual(await opened({ device: { ...device, kind: 'cuda' }, threads: 4 }), [4]);
});
