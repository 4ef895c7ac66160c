import { previewOf } from './preview.ts';
import type { RemoteError } from './wire/message.ts';

export type ShardErrorCode =
  /** Bytes that are not the wire protocol. */
  | 'FRAME_INVALID'
  /** A value that can't be an input, or can't travel. */
  | 'INPUT_INVALID'
  /** An option out of its domain, or an option that does not exist. */
  | 'OPTION_INVALID'
  /** A lane answered in a way that the protocol rules out. */
  | 'LANE_FAULTY'
  /** A lane could not be reached, was cut off or fell silent. */
  | 'LANE_LOST'
  /** A lane asked to be left alone for a while. */
  | 'LANE_BUSY'
  /** No lane could be made to answer within the bound on infrastructure failures. */
  | 'LANES_EXHAUSTED'
  /** A generator was cut off after it had yielded, so that it can't be run again unnoticed. */
  | 'STREAM_LOST'
  /** There is no volume of that name, or not any more. */
  | 'VOLUME_NOT_FOUND'
  /** A file was changed by another since; `details.path` names it. */
  | 'VOLUME_CONFLICT'
  /** What was written waited too long for its commit. */
  | 'VOLUME_STALE'
  /** The bytes of a file of a version that is long past are not kept any more. */
  | 'VERSION_EXPIRED'
  | 'FILE_NOT_FOUND'
  /** What can't be the path of a file in a volume. */
  | 'PATH_INVALID'
  /** A handler's context was asked for where there is none. */
  | 'NO_CONTEXT';

export interface ShardErrorOptions extends ErrorOptions {
  /** Milliseconds after which the same request may succeed, where the other side told. */
  readonly retryAfter?: number;
  /** Plain data for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whether what was sent may have arrived, so that it may be to blame. Default: `true`. */
  readonly reached?: boolean;
  /** Why the lane can never run the function, whatever the input: what the map ends with if no lane can. */
  readonly unfit?: Error;
  /** Whether the lane is up, but could not make ready what runs the function. Default: `false`. */
  readonly unready?: boolean;
}

/** Planning, streaming or the wire could not do what was asked; `code` says why. */
export class ShardError extends Error {
  override readonly name = 'ShardError';
  readonly code: ShardErrorCode;
  // Declared only, and kept aside: an error that nobody catches is printed with all the fields that it has.
  declare readonly details?: Readonly<Record<string, unknown>>;
  readonly #way: Omit<ShardErrorOptions, 'details' | 'cause'>;

  constructor(code: ShardErrorCode, message: string, { cause, details, ...way }: ShardErrorOptions = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    if (details) this.details = details;
    this.#way = way;
  }

  get retryAfter(): number | undefined {
    return this.#way.retryAfter;
  }

  get reached(): boolean {
    return this.#way.reached ?? true;
  }

  get unfit(): Error | undefined {
    return this.#way.unfit;
  }

  get unready(): boolean {
    return this.#way.unready ?? false;
  }
}

/** The function failed for a batch as a whole, so it is not known for which input. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly remote: RemoteError;

  constructor(remote: RemoteError, options?: ErrorOptions) {
    super(remote.message, options);
    this.remote = remote;
  }
}

export interface InputErrorFields {
  /** Position of the input in the map, from 0. */
  readonly index: number;
  readonly input: unknown;
  /** The beginning of the input as text, where the input itself is not at hand. */
  readonly preview?: string;
  /** How often the function was run on this input. */
  readonly attempts: number;
  /** How often a node was lost, or was at fault, while it had the input. These are no attempts. */
  readonly losses: number;
  /** Name of the lane that ran it last. */
  readonly node: string;
  readonly remote: RemoteError;
}

/** The function failed for one input, after all the retries that its policy grants. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** As the node named the failure, such as `FUNCTION_FAILED`. */
  readonly code: string;
  readonly index: number;
  /** The beginning of the input, as text. */
  readonly input: string;
  readonly attempts: number;
  readonly losses: number;
  readonly node: string;
  /** Stack of the error on the node, where it told. */
  declare readonly remoteStack?: string;
  /** What else the node told, such as the `issues` of a schema. */
  declare readonly details?: unknown;

  constructor(fields: InputErrorFields, options?: ErrorOptions) {
    const { index, input, preview = previewOf(input), attempts, losses, node, remote } = fields;
    const times = attempts === 1 ? '' : ` after ${attempts} attempts`;
    super(`Input ${index} (${preview}) failed on ${node}${times}: ${remote.message}`, options);
    this.code = remote.code;
    this.index = index;
    this.input = preview;
    this.attempts = attempts;
    this.losses = losses;
    this.node = node;
    const { stack, details } = splitStack(remote.details);
    if (stack !== undefined) this.remoteStack = stack;
    if (details !== undefined) this.details = details;
  }
}

/** The stack apart, which would be printed twice. */
function splitStack(all: unknown): { readonly stack?: string; readonly details?: unknown } {
  if (typeof all !== 'object' || all === null || !('stack' in all)) return { details: all };
  const { stack, ...details } = all;
  return { details, ...(typeof stack === 'string' && { stack }) };
}
