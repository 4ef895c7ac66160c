export type TokenizerErrorCode = 'TEXT_INVALID' | 'MAX_TOKENS_INVALID';

/** `encode` was called with something that it can't turn into tokens. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
  readonly code: TokenizerErrorCode;

  constructor(code: TokenizerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
