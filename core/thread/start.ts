import { SHARE_ENV, type Transferable, Worker } from 'node:worker_threads';
import { CoreError } from '../errors.ts';
import type { CallOptions, MethodArguments, MethodName, MethodResult, Thread, ThreadMethods } from './contract.ts';
import type { FromThread, ToThread } from './messages.ts';
import { type ErrorKind, reviveError } from './packed-error.ts';

export interface StartOptions {
  /** For people: names the thread in messages, debuggers and `ps`. Default: the file's name. */
  readonly name?: string;
  /** Buffers and ports within `workerData` that move to the thread. */
  readonly transfer?: readonly Transferable[];
  /** How long disposal waits for the thread to exit by itself, in milliseconds. Default: 30,000. */
  readonly graceMilliseconds?: number;
  /** Errors to revive with their class beyond CoreError, ModelError and the built-in ones. */
  readonly errors?: readonly ErrorKind[];
  /** Gives up starting; the thread is closed. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a worker thread from a file that calls `serveThread`, and waits until it serves.
 *
 * The thread shares this process's environment, so that native libraries see the same variables. Rejects with what
 * the thread's set-up threw, or `THREAD_CRASHED` if it ended before it served.
 */
export async function startThread<Methods extends ThreadMethods<Methods>>(
  url: URL,
  workerData: unknown,
  options: StartOptions = {},
): Promise<Thread<Methods>> {
  options.signal?.throwIfAborted();
  const thread = new WorkerThread<Methods>(url, workerData, options);
  try {
    await thread.started(options.signal);
  } catch (error) {
    // Why it did not start says more than how it then ended.
    await thread[Symbol.asyncDispose]().catch(() => {});
    throw error;
  }
  return thread;
}

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

class WorkerThread<Methods extends ThreadMethods<Methods>> implements Thread<Methods> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #kinds: readonly ErrorKind[];
  readonly #graceMilliseconds: number;
  readonly #pending = new Map<number, Pending>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #nextId = 0;
  #failure: unknown;
  /** Why calls are refused, once they are. */
  #closed: CoreError | undefined;
  #disposal: Promise<void> | undefined;

  constructor(url: URL, workerData: unknown, options: StartOptions) {
    this.#name = options.name ?? url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    this.#kinds = options.errors ?? [];
    this.#graceMilliseconds = options.graceMilliseconds ?? 30_000;
    this.#worker = new Worker(url, {
      name: this.#name,
      workerData,
      env: SHARE_ENV,
      transferList: [...(options.transfer ?? [])],
    });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#worker.once('exit', (exitCode) => this.#exit(exitCode));
    this.#ready.promise.catch(() => {});
  }

  /** Settles when the thread serves, has failed, or is no longer waited for. */
  async started(signal?: AbortSignal): Promise<void> {
    await abortable(this.#ready.promise, signal);
    this.#keepAlive();
  }

  async call<Name extends MethodName<Methods>>(
    method: Name,
    args: MethodArguments<Methods, Name>,
    options: CallOptions = {},
  ): Promise<MethodResult<Methods, Name>> {
    const { signal, transfer = [] } = options;
    if (this.#closed !== undefined) throw refusal(this.#closed);
    signal?.throwIfAborted();

    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onAbort = () => {
      this.#send({ type: 'abort', id });
      this.#take(id)?.reject(signal?.reason);
    };
    const settled = () => signal?.removeEventListener('abort', onAbort);
    this.#pending.set(id, {
      resolve: (value) => (settled(), resolve(value)),
      reject: (reason) => (settled(), reject(reason)),
    });
    try {
      this.#send({ type: 'call', id, method, args }, transfer);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#keepAlive();
    } catch (error) {
      const message = `the arguments of ${this.#name}.${method} can't be sent to a thread: ${messageOf(error)}`;
      this.#take(id)?.reject(new CoreError('INPUT_INVALID', message, { cause: error }));
    }
    return promise as Promise<MethodResult<Methods, Name>>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    if (this.#closed !== undefined) return this.#exited.promise;
    this.#closed = new CoreError('DISPOSED', `${this.#name} is disposed; open another`);
    this.#worker.ref();
    this.#send({ type: 'close' });
    const grace = setTimeout(() => {
      this.#failure ??= new CoreError(
        'THREAD_CRASHED',
        `it did not exit within ${this.#graceMilliseconds} ms of being closed, and was terminated`,
      );
      void this.#worker.terminate();
    }, this.#graceMilliseconds);
    await this.#exited.promise;
    clearTimeout(grace);
    if (this.#failure !== undefined) throw this.#crash(messageOf(this.#failure));
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve();
        break;
      case 'failed':
        this.#ready.reject(reviveError(message.error, this.#kinds));
        break;
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        break;
      case 'error':
        this.#take(message.id)?.reject(reviveError(message.error, this.#kinds));
        break;
    }
  }

  /** The pending call of that id, which is pending no longer; undefined if its caller has stopped waiting. */
  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#keepAlive();
    return pending;
  }

  /** Keeps the process alive while someone waits for this thread, and only then. */
  #keepAlive(): void {
    if (this.#pending.size > 0 || this.#disposal !== undefined) this.#worker.ref();
    else this.#worker.unref();
  }

  /** A message that can't be read belongs to no known call, so none can be trusted to be answered any more. */
  #fail(error: Error): void {
    this.#failure ??= error;
    void this.#worker.terminate();
  }

  #exit(exitCode: number): void {
    const crash = this.#crash(this.#failure === undefined ? `exit code ${exitCode}` : messageOf(this.#failure));
    this.#closed ??= crash;
    this.#ready.reject(crash);
    for (const id of this.#pending.keys()) this.#take(id)?.reject(refusal(this.#closed));
    this.#exited.resolve();
  }

  #crash(why: string): CoreError {
    return new CoreError('THREAD_CRASHED', `${this.#name} ended unexpectedly: ${why}`, {
      cause: this.#failure,
    });
  }

  #send(message: ToThread, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** A fresh error for each caller, whose stack says where it called. */
function refusal(reason: CoreError): CoreError {
  return new CoreError(reason.code, reason.message, { cause: reason.cause ?? reason });
}

async function abortable<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
