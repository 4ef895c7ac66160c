/** The contract of core/thread: a stateful worker thread whose methods are called like a remote object's. */
import type { Transferable } from 'node:worker_threads';

/** The methods of a thread, as its callers see them: arguments and results are structured-cloned or transferred. */
export type ThreadMethods<Methods> = {
  readonly [Name in keyof Methods]: (...args: never[]) => unknown;
};

export type MethodName<Methods> = keyof Methods & string;

export type MethodArguments<Methods, Name extends keyof Methods> = Methods[Name] extends (
  ...args: infer Arguments
) => unknown
  ? Arguments
  : never;

export type MethodResult<Methods, Name extends keyof Methods> = Methods[Name] extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : never;

export interface CallOptions {
  /** Buffers and ports that move to the thread instead of being copied; the caller loses them. */
  readonly transfer?: readonly Transferable[];
  /** Stops waiting, with the signal's reason; the thread's method is told through its own signal. */
  readonly signal?: AbortSignal;
}

/** A running worker thread. It keeps the process alive only while calls are pending. */
export interface Thread<Methods extends ThreadMethods<Methods>> extends AsyncDisposable {
  /**
   * Calls a method in the thread. Calls run concurrently and are matched with their answers by id.
   *
   * Rejects with what the method threw (its class, code, message and stack kept), `THREAD_CRASHED` if the thread
   * ended meanwhile, `DISPOSED` after disposal, or `INPUT_INVALID` if an argument can't be cloned.
   */
  call<Name extends MethodName<Methods>>(
    method: Name,
    args: MethodArguments<Methods, Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Methods, Name>>;

  /**
   * Closes cooperatively: methods in progress see their signal abort with `DISPOSED` and may finish, the thread
   * disposes of what it holds and exits by itself. Only after `graceMilliseconds` is it terminated, since ending a
   * thread under pending native work can abort the process. Safe to call again.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a method in the thread gets after its arguments. */
export interface CallContext {
  /** Aborts when the caller stops waiting, or with `DISPOSED` when the thread is closing. */
  readonly signal: AbortSignal;
}
