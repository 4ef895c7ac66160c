import { CoreError, type CoreErrorCode } from '../core/errors.ts';
import { ModelError, type ModelErrorCode } from '../models/errors.ts';
import { ShardError, type ShardErrorCode } from '../shard/errors.ts';
import { ServerError, type ServerErrorCode } from './errors.ts';

/** Every code that can reach a client's answer: those of this floor and of the floors below it. */
export type AnswerCode = ServerErrorCode | CoreErrorCode | ModelErrorCode | ShardErrorCode;

/** What a client is told: the HTTP status if the answer has not begun, and the body either way. */
export interface Answer {
  readonly status: number;
  readonly error: ErrorBody;
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter?: number;
}

export interface ErrorBody {
  readonly code: AnswerCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one place where an error becomes an HTTP status; a code without a row does not compile. */
export const statusOf: { readonly [Code in AnswerCode]: number } = {
  // The request is wrong, and will be wrong again.
  FRAME_INVALID: 400,
  REQUEST_INVALID: 400,
  INPUT_INVALID: 400,
  OPTION_INVALID: 400,
  OBJECT_KEY_INVALID: 400,
  PATH_INVALID: 400,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  SCOPE_MISSING: 403,
  HOST_REFUSED: 403,
  FUNCTION_NOT_FOUND: 404,
  COLLECTION_NOT_FOUND: 404,
  ID_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  VOLUME_NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  OBJECT_NOT_FOUND: 404,
  BATCH_UNKNOWN: 404,
  APP_UNKNOWN: 404,
  CALL_UNKNOWN: 404,
  REQUEST_TIMEOUT: 408,
  CLIENT_GONE: 408,
  COLLECTION_MISMATCH: 409,
  CALL_CANCELLED: 409,
  CALL_CONFLICT: 409,
  CALL_SEALED: 409,
  CALL_INCOMPLETE: 409,
  BATCH_CONFLICT: 409,
  APP_SERVED: 409,
  APP_STOPPED: 409,
  KEY_CONFLICT: 409,
  VOLUME_CONFLICT: 409,
  VOLUME_STALE: 409,
  VERSION_EXPIRED: 410,
  APP_INVALID: 422,
  BUNDLE_INVALID: 422,
  PACKAGE_MISSING: 422,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  HEADERS_TOO_LARGE: 431,
  // The node can't take it now; another can, or this one later.
  OVERLOADED: 429,
  NODE_DRAINING: 503,
  VERSION_REPLACED: 503,
  OBJECTS_UNAVAILABLE: 503,
  NODE_NOT_READY: 503,
  STORE_UNAVAILABLE: 503,
  STORE_NEWER: 503,
  STORE_BUSY: 503,
  DEVICE_NOT_FOUND: 503,
  DEVICE_LOST: 503,
  RUNTIME_UNAVAILABLE: 503,
  OUT_OF_MEMORY: 503,
  THREAD_CRASHED: 503,
  WORKER_UNAVAILABLE: 503,
  DISPOSED: 503,
  LANE_LOST: 503,
  LANE_BUSY: 503,
  LANES_EXHAUSTED: 503,
  STREAM_LOST: 503,
  BATCH_TIMEOUT: 504,
  TIMEOUT: 504,
  // The node is at fault.
  FUNCTION_FAILED: 500,
  WORKER_CRASHED: 500,
  NO_CONTEXT: 500,
  RUNTIME_FAILED: 500,
  LANE_FAULTY: 500,
  MODEL_NOT_FOUND: 500,
  MODEL_INVALID: 500,
  MODEL_UNSUPPORTED: 500,
  MODEL_DOWNLOAD_FAILED: 500,
  MODEL_CHECKSUM_MISMATCH: 500,
  MODEL_OFFLINE: 500,
  TOKEN_REQUIRED: 500,
  PORT_IN_USE: 500,
  ADDRESS_UNUSABLE: 500,
  JOURNAL_UNAVAILABLE: 500,
  ENTER_FAILED: 500,
  APP_CORRUPT: 500,
  BUNDLE_CORRUPT: 500,
  INTERNAL: 500,
};

const RETRY_SECONDS = 1;

/** Translates any error. The message of one that is not ours stays in the log: it may tell of paths or secrets. */
export function answerTo(error: unknown): Answer {
  if (error instanceof ServerError) {
    const { code, message, details } = error;
    return answer({ code, message, ...(details && { details }) }, error.retryAfter);
  }
  if (error instanceof CoreError || error instanceof ModelError || error instanceof ShardError) {
    const details = error instanceof ShardError ? error.details : undefined;
    return answer({ code: error.code, message: error.message, ...(details && { details }) });
  }
  return answer({
    code: 'INTERNAL',
    message: 'The node failed in a way it did not foresee; its log has the cause',
  });
}

function answer(error: ErrorBody, retryAfter?: number): Answer {
  const status = statusOf[error.code];
  const seconds = retryAfter ?? (status === 503 || status === 429 ? RETRY_SECONDS : undefined);
  return { status, error, ...(seconds !== undefined && { retryAfter: seconds }) };
}
