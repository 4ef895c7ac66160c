/** A failure that may be gone at the next attempt; never leaves this folder. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  /** As the server asked, in milliseconds. */
  readonly waitMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly waitMs?: number | undefined } = {}) {
    super(message, options);
    this.waitMs = options.waitMs;
  }
}
