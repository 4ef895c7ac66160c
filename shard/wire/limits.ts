import { ShardError } from '../errors.ts';

/** Longest payload of one frame that a decoder takes, unless told otherwise: 256 MiB. */
export const MAX_FRAME_BYTES: number = 256 * 1024 * 1024;

/** Deepest nesting of blocks: tuples in tuples. */
export const MAX_BLOCK_DEPTH = 8;

/** Deepest nesting of arrays and maps inside one MessagePack value. */
export const MAX_VALUE_DEPTH = 64;

/** Most arrays, maps and extensions (Sets, typed arrays, dates, bigints) inside the MessagePack of one body of inputs, or of one frame of outputs. */
export const MAX_PARTS: number = 2 ** 20;

/** The key through which an assignment would reach a prototype. */
export const FORBIDDEN_KEY = '__proto__';

export function invalid(message: string, cause?: unknown): ShardError {
  return new ShardError('FRAME_INVALID', message, cause === undefined ? undefined : { cause });
}

/** Bytes up to the next multiple of 8. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
