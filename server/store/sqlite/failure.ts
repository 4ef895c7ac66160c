import { ServerError } from '../../errors.ts';

/** What SQLite says becomes `STORE_UNAVAILABLE`, with its reason; other errors are as they are. */
export function asStoreError(error: unknown): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') return error;
  return storeUnavailable(`the file of calls can't be read or written: ${error.message}`, error);
}

export function storeUnavailable(why: string, cause?: unknown): ServerError {
  return new ServerError('STORE_UNAVAILABLE', `Durable calls are not to be had now, since ${why}`, {
    ...(cause !== undefined && { cause }),
  });
}
