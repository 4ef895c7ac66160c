import type { PackedError } from '../../core/thread/packed-error.ts';

const CODES: ReadonlySet<string> = new Set([
  'OUT_OF_MEMORY',
  'ERR_MEMORY_ALLOCATION_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
]);

/** How CUDA, cuBLAS, cuDNN, ONNX Runtime, Vulkan, Direct3D and V8 say it. */
const WORDS =
  /\bout of (?:\w+ )?memory\b|\b(?:CUDA_ERROR|VK_ERROR)_OUT_OF_\w*MEMORY\b|\bcudaErrorMemoryAllocation\b|\bCU(?:BLAS|DNN|FFT)_STATUS_ALLOC_FAILED\b|\bfailed to allocate memory\b|\barray buffer allocation failed\b|\bE_OUTOFMEMORY\b/i;

/** Whether what a handler threw, or what caused it, is that there was no memory, the device's or the machine's. */
export function isOutOfMemory({ code, message, cause }: PackedError): boolean {
  return (
    (code !== undefined && CODES.has(code)) || WORDS.test(message) || (cause !== undefined && isOutOfMemory(cause))
  );
}

/** Whether what a process said before it was aborted is that its heap is full. */
export function saysHeapIsFull(text: string): boolean {
  return /heap out of memory|Ineffective mark-compacts|invalid array length Allocation failed|Array buffer allocation failed/i.test(
    text,
  );
}
