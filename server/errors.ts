export type ServerErrorCode =
  | 'TOKEN_MISSING'
  | 'TOKEN_INVALID'
  /** The token does not allow what was asked. */
  | 'SCOPE_MISSING'
  /** A server without a token was addressed by a name that is not this machine's own. */
  | 'HOST_REFUSED'
  | 'ROUTE_NOT_FOUND'
  | 'BODY_TOO_LARGE'
  | 'MEDIA_TYPE_UNSUPPORTED'
  /** The bytes are no HTTP request. */
  | 'REQUEST_INVALID'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'OVERLOADED'
  | 'NODE_DRAINING'
  | 'NODE_NOT_READY'
  | 'CALL_CANCELLED'
  /** The key of a map was used for another function or options, or at some index for another input. */
  | 'KEY_CONFLICT'
  /** A map has a key, but this node can't keep a journal. */
  | 'JOURNAL_UNAVAILABLE'
  /** There is no durable call of that id: it never began, or is forgotten. */
  | 'CALL_UNKNOWN'
  /** The id or key of a durable call is that of another function or version. */
  | 'CALL_CONFLICT'
  /** A new chunk came for a durable call that takes none. */
  | 'CALL_SEALED'
  /** A durable call was sealed, and its chunks are not those that were announced. */
  | 'CALL_INCOMPLETE'
  /** The store of durable calls can't be reached or written. */
  | 'STORE_UNAVAILABLE'
  /** The store was made by a later version of warpmap. */
  | 'STORE_NEWER'
  /** Never sent: a store can't be moved while nodes use it. */
  | 'STORE_BUSY'
  /** The store of objects can't be reached or written. */
  | 'OBJECTS_UNAVAILABLE'
  | 'OBJECT_NOT_FOUND'
  /** What was asked for as an object can't be the key of one. */
  | 'OBJECT_KEY_INVALID'
  /** A batch with the same identity has another body. */
  | 'BATCH_CONFLICT'
  /** Nothing is known of the batch whose answer was asked for. */
  | 'BATCH_UNKNOWN'
  | 'BATCH_TIMEOUT'
  | 'INTERNAL'
  /** An input does not fit the schema of its function; `details` has the issues. */
  | 'INPUT_INVALID'
  /** A handler of an app threw, or its outputs are of the wrong number; `details` has its stack. */
  | 'FUNCTION_FAILED'
  /** A handler of an app took longer than its timeout. */
  | 'TIMEOUT'
  /** A handler, or the worker that ran it, had too little memory for this input, the device's or the machine's. */
  | 'OUT_OF_MEMORY'
  /** The worker died whenever it ran this input. */
  | 'WORKER_CRASHED'
  /** Never sent: the client is gone, so nobody reads the answer. */
  | 'CLIENT_GONE'
  /** Never sent: the server can't start as it was asked to. */
  | 'TOKEN_REQUIRED'
  | 'PORT_IN_USE'
  | 'ADDRESS_UNUSABLE'
  /** The module is no app; or, of the one that a node serves, failed to load. */
  | 'APP_INVALID'
  /** The bundle of an app that is deployed throws when it is loaded. */
  | 'BUNDLE_INVALID'
  /** A bundle is not in the objects, or is not the bytes that its name says. */
  | 'BUNDLE_CORRUPT'
  /** A bundle needs packages that this node has not. */
  | 'PACKAGE_MISSING'
  /** No app, or no version of it, has that name. */
  | 'APP_UNKNOWN'
  /** What the objects have of an app can't be read. */
  | 'APP_CORRUPT'
  /** An app of that name was given to this node on its command line. */
  | 'APP_SERVED'
  /** The app was stopped: nothing of it is run. */
  | 'APP_STOPPED'
  /** The workers of a version were ended for another; what they had is to be sent again. */
  | 'VERSION_REPLACED'
  /** Never sent: a worker could not make the state of its class. */
  | 'ENTER_FAILED'
  | 'OPTION_INVALID';

export interface ServerErrorOptions extends ErrorOptions {
  /** Plain data for programs, sent along with the message. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seconds after which the same request may succeed; sent as `Retry-After`. */
  readonly retryAfter?: number;
}

/** The shard server refused a request, or could not start; `code` says why. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ServerErrorCode, message: string, options?: ServerErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = options?.details;
    this.retryAfter = options?.retryAfter;
  }
}
