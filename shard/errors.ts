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
  /** No lane could finish a batch within the bound on infrastructure failures. */
  | 'LANES_EXHAUSTED';

export interface ShardErrorOptions extends ErrorOptions {
  /** Milliseconds after which the same request may succeed, where the other side told. */
  readonly retryAfter?: number;
}

/** Planning, streaming or the wire could not do what was asked; `code` says why. */
export class ShardError extends Error {
  override readonly name = 'ShardError';
  readonly code: ShardErrorCode;
  readonly retryAfter: number | undefined;

  constructor(code: ShardErrorCode, message: string, options?: ShardErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfter = options?.retryAfter;
  }
}
