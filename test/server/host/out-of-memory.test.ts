import test from 'ava';
import { packError } from '../../../core/thread/packed-error.ts';
import { isOutOfMemory } from '../../../server/host/out-of-memory.ts';

const means = test.macro({
  title: (_, error: Error) => `out of memory: ${error.message}`,
  exec: (t, error: Error) => t.true(isOutOfMemory(packError(error))),
});
const doesNotMean = test.macro({
  title: (_, error: Error) => `not out of memory: ${error.message}`,
  exec: (t, error: Error) => t.false(isOutOfMemory(packError(error))),
});

test(means, new Error('CUDA out of memory. Tried to allocate 2.00 GiB'));
test(means, new Error('CUDA failure 2: out of memory ; GPU=0'));
test(means, new Error('CUDA_ERROR_OUT_OF_MEMORY'));
test(means, new Error('BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 4096'));
test(means, new Error('CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED'));
test(means, new Error('vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY'));
test(means, new RangeError('Array buffer allocation failed'));
test(means, new Error('it failed', { cause: Object.assign(new Error('no room'), { code: 'OUT_OF_MEMORY' }) }));
test(means, Object.assign(new Error('a thread of the handler'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }));
test(doesNotMean, new Error('out of range'));
test(doesNotMean, new Error('the memory of the cat is out of date'));
test(doesNotMean, new Error('allocation failed: no licence'));
