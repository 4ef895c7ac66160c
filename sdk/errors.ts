import { ShardError } from '../shard/errors.ts';

export type SdkErrorCode =
  | 'OPTION_INVALID'
  /** No answer from an address, or not the answer of a node. */
  | 'NODE_UNREACHABLE'
  /** Nodes of one connection do not have the same model. */
  | 'NODES_DIFFER'
  /** Nodes of one connection keep calls in different stores. */
  | 'STORES_DIFFER'
  /** A call shall outlive its client, but the connection has nothing that could keep it. */
  | 'NO_STORE'
  /** Of a durable call that was cancelled, what never came was waited for. */
  | 'CALL_CANCELLED'
  /** The local server did not come up. */
  | 'SERVER_START_FAILED'
  /** A module can't be made a bundle; the message says where and why. */
  | 'BUNDLE_FAILED'
  /** A version was deployed without declarations. */
  | 'DECLARATIONS_MISSING'
  /** The declarations of a deployed version are none. */
  | 'DECLARATIONS_INVALID'
  /** The connection was closed before. */
  | 'DISPOSED'
  /** A batched handler, run locally, gave another number of outputs than one. */
  | 'OUTPUTS_MISCOUNTED';

/** The client could not do what was asked; `code` says why. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;

  constructor(code: SdkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface NodeErrorFields {
  readonly node: string;
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** A node refused a call for a reason that no other node and no later time would change. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  /** As the node gave it, such as `FUNCTION_NOT_FOUND` or `TOKEN_INVALID`; see docs/wire.md. */
  readonly code: string;
  readonly node: string;
  declare readonly details?: unknown;

  constructor({ node, code, message, details }: NodeErrorFields, options?: ErrorOptions) {
    super(`${node}: ${message}`, options);
    this.code = code;
    this.node = node;
    if (details !== undefined) this.details = details;
  }
}

/** Whatever was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new ShardError('LANE_LOST', String(thrown));
}
