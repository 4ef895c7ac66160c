export type CliErrorCode =
  /** The command line asks for what does not exist, or for two things at once. */
  'USAGE' | 'FILE_UNREADABLE' | 'FILE_UNWRITABLE' | 'MAIN_FAILED';

/** A command could not do what its line asked; `code` says why. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
