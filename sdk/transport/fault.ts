import { BatchError, ShardError } from '../../shard/errors.ts';
import type { RemoteError } from '../../shard/wire/message.ts';
import { NodeError } from '../errors.ts';

/** Codes that say: not now, but later or elsewhere. */
const BUSY: ReadonlySet<string> = new Set(['OVERLOADED', 'NODE_DRAINING', 'NODE_NOT_READY', 'VERSION_REPLACED']);

/** Codes that say that an input, or the size of the batch, is at fault: smaller batches will tell which. */
const BATCH: ReadonlySet<string> = new Set([
  'INPUT_INVALID',
  'FUNCTION_FAILED',
  'BODY_TOO_LARGE',
  'COLLECTION_MISMATCH',
  'ID_NOT_FOUND',
  // Half as many may fit, or be done in time.
  'OUT_OF_MEMORY',
  'BATCH_TIMEOUT',
]);

/** Codes that no other attempt would change. */
const FINAL: ReadonlySet<string> = new Set([
  'FRAME_INVALID',
  'REQUEST_INVALID',
  'OPTION_INVALID',
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'SCOPE_MISSING',
  'HOST_REFUSED',
  'FUNCTION_NOT_FOUND',
  'APP_STOPPED',
  'APP_CORRUPT',
  'COLLECTION_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'CALL_CANCELLED',
  'BATCH_CONFLICT',
  'KEY_CONFLICT',
  'JOURNAL_UNAVAILABLE',
  'VOLUME_NOT_FOUND',
  'VOLUME_CONFLICT',
  'VOLUME_STALE',
  'VERSION_EXPIRED',
  'FILE_NOT_FOUND',
  'PATH_INVALID',
  'CALL_UNKNOWN',
  'CALL_CONFLICT',
  'CALL_SEALED',
  'CALL_INCOMPLETE',
  'CALL_FINISHED',
  'SCOPE_MISSING',
  'MEDIA_TYPE_UNSUPPORTED',
  'HEADERS_TOO_LARGE',
]);

/** Says that the node has not what the function needs, whatever the input, and will not have it. */
const UNFIT = 'DEVICE_NOT_FOUND';

/** Says that the node can't run the function now: no input of the batch is why. */
const UNAVAILABLE = 'WORKER_UNAVAILABLE';

/** Says that the node can't reach what keeps its calls, now or ever. */
const STORELESS = 'STORE_UNAVAILABLE';

/** Stands for a failure of a server that tells no code. */
const UNTYPED = 'SERVER_FAILED';

/** What a node's refusal of a batch means to the pump. `retryAfter` is in milliseconds. */
export function faultOf(node: string, remote: RemoteError, retryAfter?: number): Error {
  const { code, message } = remote;
  if (BATCH.has(code)) return new BatchError(remote);
  if (FINAL.has(code)) return new NodeError({ ...remote, node });
  const text = `${node} answered ${code}: ${message}`;
  if (code === UNFIT) {
    return new ShardError('LANE_LOST', text, { reached: false, unfit: new NodeError({ ...remote, node }) });
  }
  // A page without a typed error is not the node's: a proxy could not reach it.
  if (!BUSY.has(code)) {
    const unready = code === UNAVAILABLE;
    const cause = code === STORELESS ? new NodeError({ ...remote, node }) : undefined;
    return new ShardError('LANE_LOST', text, { cause, reached: code !== UNTYPED && !unready, unready });
  }
  return new ShardError('LANE_BUSY', text, retryAfter === undefined ? {} : { retryAfter });
}

/** The error that a refused request carries; a body of another kind (a proxy's page) is told by its status alone. */
export function remoteErrorOf(status: number, body: string): RemoteError {
  try {
    const { error } = JSON.parse(body) as { error?: Partial<RemoteError> };
    if (typeof error?.code === 'string' && typeof error.message === 'string') return error as RemoteError;
  } catch {
    // Not JSON: the status has to do.
  }
  return { code: codeOfStatus(status), message: `status ${status} without a typed error` };
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'TOKEN_INVALID';
    case 404:
      return 'ROUTE_NOT_FOUND';
    case 413:
      return 'BODY_TOO_LARGE';
    case 415:
      return 'MEDIA_TYPE_UNSUPPORTED';
    case 429:
      return 'OVERLOADED';
    case 503:
      return 'NODE_NOT_READY';
    default:
      return status < 500 ? 'REQUEST_INVALID' : UNTYPED;
  }
}

/** Milliseconds in a `Retry-After` header: seconds, or a date. */
export function retryAfterOf(header: string | string[] | undefined, now: number): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  const seconds = Number(text);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
