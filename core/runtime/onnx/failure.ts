import { CoreError } from '../../errors.ts';

const outOfMemory = /out of memory|bad_?\s?alloc|failed to allocate memory|alloc_failed|exceeds the max buffer size/i;
const deviceLost = /device (?:was |is )?lost|CUDA failure 7(?:00|19)\b/i;
const providerAbsent = /failed to load shared library|failed to get a webgpu adapter|no cuda-capable device/i;

/** ONNX Runtime tells what went wrong only in words; these are the words that callers must be able to act on. */
export function onnxFailure(error: unknown, doing: string): CoreError {
  const message = error instanceof Error ? error.message : String(error);
  const text = `ONNX Runtime failed to ${doing}: ${message}`;
  if (outOfMemory.test(message)) {
    return new CoreError('OUT_OF_MEMORY', `${text}; use smaller batches or a smaller model`, { cause: error });
  }
  if (deviceLost.test(message)) return new CoreError('DEVICE_LOST', `${text}; open a new session`, { cause: error });
  if (providerAbsent.test(message)) {
    return new CoreError('RUNTIME_UNAVAILABLE', `${text}; \`warpmap doctor\` says what is missing`, { cause: error });
  }
  return new CoreError('RUNTIME_FAILED', text, { cause: error });
}
