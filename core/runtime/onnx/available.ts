import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../device/contract.ts';

/** Why ONNX Runtime can't serve a device, as far as can be told without opening a session on it. */
export async function onnxUnavailable(device: Device): Promise<string | undefined> {
  let ort: typeof import('onnxruntime-node');
  try {
    ort = await import('onnxruntime-node');
  } catch (error) {
    return `onnxruntime-node does not load (${(error as Error).message}); npm install onnxruntime-node`;
  }
  if (!ort.listSupportedBackends().some(({ name }) => name === device.kind)) {
    return `onnxruntime-node for ${process.platform}-${process.arch} has no ${device.kind} execution provider`;
  }
  switch (device.kind) {
    case 'cpu':
      return undefined;
    case 'cuda':
      return existsSync(cudaProvider())
        ? undefined
        : 'the CUDA libraries of onnxruntime-node are not installed; ' +
            'npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12';
    case 'webgpu':
      return device.index === 0
        ? undefined
        : 'the WebGPU provider of ONNX Runtime always takes the first adapter; ' +
            'hide the others from the process to use another';
  }
}

function cudaProvider(): string {
  const folder = `../bin/napi-v6/${process.platform}/${process.arch}/`;
  const file = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  return fileURLToPath(new URL(folder + file, import.meta.resolve('onnxruntime-node')));
}
