import { CoreError } from '../../errors.ts';

const outOfMemory = /out of memory|\boom\b|cannot enlarge memory|array buffer allocation failed|invalid array length/i;

/** An error of TensorFlow.js, which has no codes, as ours. */
export function tfjsFailure(error: unknown, doing: string): Error {
  if (error instanceof CoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CoreError(
    outOfMemory.test(message) ? 'OUT_OF_MEMORY' : 'RUNTIME_FAILED',
    `TensorFlow.js failed to ${doing}: ${message}`,
    { cause: error },
  );
}
