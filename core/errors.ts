export type CoreErrorCode =
  | 'DEVICE_NOT_FOUND'
  | 'DEVICE_LOST'
  | 'RUNTIME_UNAVAILABLE'
  | 'RUNTIME_FAILED'
  | 'OUT_OF_MEMORY'
  | 'THREAD_CRASHED'
  | 'DISPOSED'
  | 'INPUT_INVALID'
  /** An option out of its domain, or an option that does not exist: no input is to blame. */
  | 'OPTION_INVALID'
  | 'FUNCTION_NOT_FOUND'
  /** A function threw something that is no error of ours. */
  | 'FUNCTION_FAILED'
  /** What runs a function can't be started, or was closed: another node may run it. */
  | 'WORKER_UNAVAILABLE'
  | 'COLLECTION_NOT_FOUND'
  | 'COLLECTION_MISMATCH'
  | 'ID_NOT_FOUND';

/** The engine could not do what was asked; `code` says which promise failed. */
export class CoreError extends Error {
  override readonly name = 'CoreError';
  readonly code: CoreErrorCode;

  constructor(code: CoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
