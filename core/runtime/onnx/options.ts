import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../../device/contract.ts';

/** ONNX Runtime's options for a device; docs/runtimes.md has what each one gained. */
export function sessionOptions(
  device: Device,
  threads: number = availableParallelism(),
): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider(device)],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: device.kind === 'cpu' ? threads : 1,
    interOpNumThreads: 1,
    enableCpuMemArena: true,
    // A pattern is kept for every shape of input ever seen, and here nearly every batch has its own.
    enableMemPattern: false,
    extra: {
      session: {
        // Idle threads that spin take the cores that the tokeniser and the server need.
        intra_op: { allow_spinning: '0' },
      },
    },
    // What fails is thrown; printing it too would only litter the standard error of a server.
    logSeverityLevel: 4,
  };
}

function provider(device: Device): InferenceSession.ExecutionProviderConfig {
  switch (device.kind) {
    case 'cpu':
      return 'cpu';
    case 'cuda':
      return { name: 'cuda', deviceId: device.index };
    case 'webgpu':
      return { name: 'webgpu' };
  }
}
