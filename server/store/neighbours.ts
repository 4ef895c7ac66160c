import { ServerError } from '../errors.ts';

/**
 * A chunk has inputs that are another's by its number and its first input: then they were cut in another way before. Each
 * would get two outcomes.
 */
export function overlapping(call: string, chunk: number): ServerError {
  return new ServerError(
    'CALL_INCOMPLETE',
    `Chunk ${chunk} does not fit between those that call ${call} has: send the same inputs in the same chunks, or begin another call`,
  );
}
