export type KernelErrorCode =
  | 'INPUT_INVALID'
  | 'SHADER_INVALID'
  | 'DISPATCH_INVALID'
  | 'BUFFER_TOO_LARGE'
  | 'OUT_OF_MEMORY'
  | 'DEVICE_LOST'
  | 'DISPOSED';

/** Where in the WGSL a `SHADER_INVALID` lies, both from 1. */
export interface ShaderPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface KernelErrorOptions extends ErrorOptions {
  readonly position?: ShaderPosition | undefined;
}

/** A kernel could not be compiled or run. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly code: KernelErrorCode;
  /** Present where the compiler named a line. */
  readonly position?: ShaderPosition;

  constructor(code: KernelErrorCode, message: string, options: KernelErrorOptions = {}) {
    super(message, options);
    this.code = code;
    if (options.position !== undefined) this.position = options.position;
  }
}
