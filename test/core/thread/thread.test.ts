import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testProp, fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import { CoreError } from '../../../core/errors.ts';
import type { Thread } from '../../../core/thread/contract.ts';
import { errorKind } from '../../../core/thread/packed-error.ts';
import { startThread, type StartOptions } from '../../../core/thread/start.ts';
import { ModelError } from '../../../models/errors.ts';
import type { EchoData, EchoMethods } from './echo.worker.ts';

const url = new URL('./echo.worker.ts', import.meta.url);

function start(data: EchoData = {}, options: StartOptions = {}): Promise<Thread<EchoMethods>> {
  return startThread<EchoMethods>(url, data, { name: 'echo', ...options });
}

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new TypeError('expected a rejection, got a value');
    },
    (error: Error) => error,
  );
}

/** Child threads, ports and timers that this process holds at the moment. */
function handles(): string {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'PipeWrap' && name !== 'Immediate')
    .sort()
    .join();
}

testProp(
  'a value comes back from the thread as it was sent',
  [fc.array(fc.oneof(fc.double(), fc.string(), fc.bigInt()))],
  async (t, values) => {
    const thread = await shared();
    t.deepEqual(await thread.call('echo', [values]), values);
  },
  { numRuns: 50 },
);

let sharedThread: Promise<Thread<EchoMethods>> | undefined;
function shared(): Promise<Thread<EchoMethods>> {
  sharedThread ??= start();
  return sharedThread;
}
test.after.always(async () => (await sharedThread)?.[Symbol.asyncDispose]());

test('buffers move to the thread and back without a copy left behind', async (t) => {
  await using thread = await start();
  const values = Float32Array.of(1, 2, 3);
  const doubled = await thread.call('double', [values], { transfer: [values.buffer] });
  t.deepEqual(doubled, Float32Array.of(2, 4, 6));
  t.is(values.length, 0);
});

test('calls are answered by id, whatever order they finish in', async (t) => {
  await using thread = await start();
  const order: string[] = [];
  const first = thread.call('hold', ['first']).then((name) => order.push(name));
  const second = thread.call('hold', ['second']).then((name) => order.push(name));
  await thread.call('release', ['second']);
  await second;
  await thread.call('release', ['first']);
  await first;
  t.deepEqual(order, ['second', 'first']);
});

const failing = test.macro({
  exec: async (
    t: ExecutionContext,
    kind: Parameters<EchoMethods['fail']>[0],
    check: (t: ExecutionContext, error: Error & { code?: string }) => void,
  ) => {
    await using thread = await start();
    check(t, await rejection(thread.call('fail', [kind])));
    t.is(await thread.call('echo', ['still here']), 'still here');
  },
  title: (_, kind) => `an error thrown in the thread is the same error outside: ${kind}`,
});

test(failing, 'core', (t, error) => {
  t.true(error instanceof CoreError);
  t.is(error.code, 'OUT_OF_MEMORY');
  t.is(error.message, 'no room');
  t.true(error.cause instanceof RangeError);
  t.regex(error.stack ?? '', /echo\.worker\.ts/);
});
test(failing, 'model', (t, error) => {
  t.true(error instanceof ModelError);
  t.is(error.code, 'MODEL_UNSUPPORTED');
});
test(failing, 'type', (t, error) => t.true(error instanceof TypeError));
test(failing, 'plain', (t, error) => {
  t.is(error.name, 'OddError');
  t.is(error.code, 'E_ODD');
});
test(failing, 'cyclic', (t, error) => t.is(error.message, 'cyclic'));
test(failing, 'nothing', (t, error) => t.regex(error.message, /undefined/));

test('a caller may name further errors to be revived with their class', async (t) => {
  class OddError extends Error {
    readonly code: string;
    constructor(code: string, message: string, options?: ErrorOptions) {
      super(message, options);
      this.code = code;
    }
  }
  await using thread = await start({}, { errors: [errorKind(OddError)] });
  t.true((await rejection(thread.call('fail', ['plain']))) instanceof OddError);
});

test('arguments that cannot be cloned are refused before they are sent', async (t) => {
  await using thread = await start();
  const error = await rejection(thread.call('echo', [() => {}]));
  t.is(error.code, 'INPUT_INVALID');
  t.regex(error.message, /echo\.echo/);
});

test('a result that cannot be cloned fails its own call only', async (t) => {
  await using thread = await start();
  t.is((await rejection(thread.call('uncloneable', []))).name, 'DataCloneError');
  t.is(await thread.call('echo', [1]), 1);
});

test('a method that the thread does not have is refused with the names that it has', async (t) => {
  await using thread = await start();
  const error = await rejection(thread.call('toString' as 'echo', [1]));
  t.is(error.code, 'INPUT_INVALID');
  t.regex(error.message, /"toString".*echo, double/);
});

test('abort rejects at once with the reason, and tells the method', async (t) => {
  await using thread = await start();
  const controller = new AbortController();
  const held = thread.call('hold', ['x'], { signal: controller.signal });
  await thread.call('echo', [0]);
  controller.abort(new RangeError('enough'));
  t.is((await rejection(held)).message, 'enough');
  t.is(await thread.call('lastAbort', []), 'AbortError');
});

test('a call whose signal is aborted already is not sent', async (t) => {
  await using thread = await start();
  const values = Float32Array.of(1);
  const call = thread.call('double', [values], {
    transfer: [values.buffer],
    signal: AbortSignal.abort(),
  });
  t.is((await rejection(call)).name, 'AbortError');
  t.is(values.length, 1);
});

test('a settled call leaves no listener on its signal', async (t) => {
  await using thread = await start();
  const { signal } = new AbortController();
  await thread.call('echo', [1], { signal });
  await rejection(thread.call('fail', ['core'], { signal }));
  await rejection(thread.call('echo', [() => {}], { signal }));
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('set-up that throws rejects the start with its error', async (t) => {
  const error = await rejection(start({ failSetUp: true }));
  t.true(error instanceof ModelError);
  t.is(error.code, 'MODEL_INVALID');
});

test('a file that does not load rejects the start with THREAD_CRASHED', async (t) => {
  const error = await rejection(startThread(new URL('./absent.worker.ts', import.meta.url), {}));
  t.is(error.code, 'THREAD_CRASHED');
  t.regex(error.message, /absent\.worker\.ts/);
});

test('a start that is aborted rejects with the reason', async (t) => {
  const controller = new AbortController();
  const starting = start({}, { signal: controller.signal });
  controller.abort(new RangeError('never mind'));
  t.is((await rejection(starting)).message, 'never mind');
});

const ending = test.macro({
  exec: async (t: ExecutionContext, end: (thread: Thread<EchoMethods>) => Promise<unknown>, why: RegExp) => {
    await using thread = await start();
    const pending = ['a', 'b', 'c'].map((name) => rejection(thread.call('hold', [name])));
    void end(thread).catch(() => {});
    for (const error of await Promise.all(pending)) {
      t.true(error instanceof CoreError);
      t.is(error.code, 'THREAD_CRASHED');
      t.regex(error.message, why);
    }
    t.is((await rejection(thread.call('echo', [1]))).code, 'THREAD_CRASHED');
  },
  title: (title) => `all pending and later calls reject with THREAD_CRASHED when the thread ${title}`,
});

test('exits', ending, (thread) => thread.call('exit', [3]), /echo ended unexpectedly: exit code 3/);
test('throws outside a call', ending, (thread) => thread.call('crash', []), /boom/);

test('dispose refuses what waits, lets the service dispose, and the thread exits by itself', async (t) => {
  const disposed = new Int32Array(new SharedArrayBuffer(4));
  const thread = await start({ disposed });
  const held = rejection(thread.call('hold', ['x']));
  await Promise.all([thread[Symbol.asyncDispose](), thread[Symbol.asyncDispose]()]);
  t.is((await held).code, 'DISPOSED');
  t.is(disposed[0], 1);
  t.is((await rejection(thread.call('echo', [1]))).code, 'DISPOSED');
});

test('dispose waits for a method that cannot be interrupted and delivers its result', async (t) => {
  const thread = await start();
  const blocked = thread.call('block', [100]).then(() => 'finished');
  await thread[Symbol.asyncDispose]();
  t.is(await blocked, 'finished');
});

test('a thread that does not end within its grace is terminated, and disposal says so', async (t) => {
  const thread = await start({}, { graceMilliseconds: 50 });
  const stubborn = rejection(thread.call('stubborn', []));
  const error = await rejection(thread[Symbol.asyncDispose]());
  t.is(error.code, 'THREAD_CRASHED');
  t.regex(error.message, /50 ms/);
  t.is((await stubborn).code, 'DISPOSED');
});

test('a service that fails to dispose fails the disposal', async (t) => {
  const thread = await start({ disposeFails: true });
  t.regex((await rejection(thread[Symbol.asyncDispose]())).message, /would not let go/);
});

test('disposing of a crashed thread is quiet', async (t) => {
  const thread = await start();
  await rejection(thread.call('exit', [1]));
  await t.notThrowsAsync(thread[Symbol.asyncDispose]());
});

test.serial('open and close leaves no handle behind', async (t) => {
  await (await start())[Symbol.asyncDispose]();
  const before = handles();
  for (let i = 0; i < 10; i++) {
    await using thread = await start();
    await thread.call('echo', [i]);
  }
  t.is(handles(), before);
});

test('an idle thread does not keep the process alive, and a pending call does', async (t) => {
  const script = fileURLToPath(new URL('./idle.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=warpmap:source', script], {
    timeout: 20_000,
  });
  t.is(stdout, 'blocked call done\n');
});
