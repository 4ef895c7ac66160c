import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { CoreError } from '../errors.ts';
import type { CallContext, MethodArguments, MethodResult, ThreadMethods } from './contract.ts';
import type { FromThread, ToThread } from './messages.ts';
import { packError } from './packed-error.ts';
import { Transferred } from './transferred.ts';

/** The thread's side of its methods: each also gets a context, and may name buffers that move with its result. */
export type Handlers<Methods> = {
  readonly [Name in keyof Methods]: (
    ...args: [...MethodArguments<Methods, Name>, context: CallContext]
  ) => Answer<MethodResult<Methods, Name>>;
};

type Answer<Result> = Result | Transferred<Result> | Promise<Result | Transferred<Result>>;

/** What a thread serves, and how it lets go of it before it exits. */
export interface Service<Methods> {
  readonly methods: Handlers<Methods>;
  /** Called once, when no method is running any more. */
  dispose?(): void | Promise<void>;
}

/**
 * Serves `Methods` to the thread's owner (`startThread`) until the owner closes it. Call it once, from a worker's
 * entry file. `setUp` gets the owner's `workerData`; if it throws, `startThread` rejects with that error.
 */
export async function serveThread<Methods extends ThreadMethods<Methods>>(
  setUp: (data: unknown) => Service<Methods> | Promise<Service<Methods>>,
): Promise<void> {
  if (isMainThread || parentPort === null) {
    throw new CoreError('RUNTIME_FAILED', 'serveThread was called outside a worker thread; start it with startThread');
  }
  const port = parentPort;
  let service: Service<Methods>;
  try {
    service = await setUp(workerData);
  } catch (error) {
    send(port, { type: 'failed', error: packError(error) });
    // The port has no listener yet, so nothing but this close keeps or ends the thread.
    port.close();
    return;
  }
  serve(port, service);
  send(port, { type: 'ready' });
}

function serve<Methods>(port: MessagePort, service: Service<Methods>): void {
  const running = new Map<number, { abort: AbortController; done: Promise<void> }>();

  const answer = async (id: number, method: string, args: readonly unknown[], signal: AbortSignal) => {
    try {
      const handler = Object.hasOwn(service.methods, method)
        ? (service.methods[method as keyof Methods] as (...all: readonly unknown[]) => unknown)
        : undefined;
      if (handler === undefined) {
        throw new CoreError(
          'INPUT_INVALID',
          `the thread has no method "${method}"; it has ${Object.keys(service.methods).join(', ')}`,
        );
      }
      const result = await handler(...args, { signal });
      if (result instanceof Transferred) send(port, { type: 'result', id, value: result.value }, result.transfer);
      else send(port, { type: 'result', id, value: result });
    } catch (error) {
      // Also reached when a result can't be cloned.
      send(port, { type: 'error', id, error: packError(error) });
    } finally {
      running.delete(id);
    }
  };

  const close = async () => {
    const reason = new CoreError('DISPOSED', 'the thread was disposed before this call had finished');
    for (const call of running.values()) call.abort.abort(reason);
    await Promise.all(Array.from(running.values(), (call) => call.done));
    try {
      await service.dispose?.();
    } finally {
      port.close();
    }
  };

  port.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'call': {
        const abort = new AbortController();
        const entry = { abort, done: Promise.resolve() };
        running.set(message.id, entry);
        entry.done = answer(message.id, message.method, message.args, abort.signal);
        break;
      }
      case 'abort':
        running.get(message.id)?.abort.abort();
        break;
      case 'close':
        void close();
        break;
    }
  });
}

function send(port: MessagePort, message: FromThread, transfer: Transferred<unknown>['transfer'] = []): void {
  port.postMessage(message, transfer);
}
