import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../device/contract.ts';
import { dawnGlobals, openGpu } from '../../device/index.ts';
import { CoreError } from '../../errors.ts';
import { mendCast } from './cast.ts';
import { type Backend, backendPackages, importPackage } from './packages.ts';

export type Tf = typeof import('@tensorflow/tfjs');

/** TensorFlow.js with the backend of a device started. */
export interface StartedBackend extends AsyncDisposable {
  readonly tf: Tf;
  /** Throws if the device failed meanwhile; the results since are worthless. */
  check(): void;
}

/** Starts the only backend of this thread. Throws `RUNTIME_UNAVAILABLE` where it does not start. */
export async function startBackend(backend: Backend, device: Device): Promise<StartedBackend> {
  switch (backend) {
    case 'wasm':
      return startWasm();
    case 'webgpu':
      return startWebgpu(device);
    case 'tensorflow':
      return startTensorflow();
    case 'cpu':
      return start(await importTf(backend), backend);
  }
}

async function importTf(backend: Backend): Promise<Tf> {
  const tf = await importPackage<Tf>('@tensorflow/tfjs', backend);
  // Silences its advice to install the native binding.
  tf.enableProdMode();
  return tf;
}

async function startWasm(): Promise<StartedBackend> {
  const tf = await importTf('wasm');
  const name = backendPackages.wasm;
  const wasm = await importPackage<typeof import('@tensorflow/tfjs-backend-wasm')>(name, 'wasm');
  wasm.setWasmPaths(dirname(fileURLToPath(import.meta.resolve(name))) + sep);
  return start(tf, 'wasm');
}

async function startWebgpu(device: Device): Promise<StartedBackend> {
  const tf = await importTf('webgpu');
  // Read as globals, as in a browser.
  Object.assign(globalThis, await dawnGlobals());
  const webgpu = await importPackage<typeof import('@tensorflow/tfjs-backend-webgpu')>(
    backendPackages.webgpu,
    'webgpu',
  );
  mendCast(tf);
  const gpu = await openGpu(device);
  try {
    // The backend asks only whether there is one; the device is already open.
    Object.defineProperty(globalThis.navigator, 'gpu', { value: {}, configurable: true });
    tf.registerBackend('webgpu', () => new webgpu.WebGPUBackend(gpu.gpuDevice, gpu.adapterInfo));
    await start(tf, 'webgpu');
    return {
      tf,
      check: () => gpu.check(),
      [Symbol.asyncDispose]: () => gpu[Symbol.asyncDispose](),
    };
  } catch (error) {
    await gpu[Symbol.asyncDispose]();
    throw error;
  }
}

/** The native binding, which is also CUDA's. Its last release expects functions that Node 23 took away. */
async function startTensorflow(): Promise<StartedBackend> {
  const legacy = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  legacy['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  legacy['isArray'] ??= Array.isArray;
  return start(await importPackage<Tf>(backendPackages.tensorflow, 'tensorflow'), 'tensorflow');
}

async function start(tf: Tf, backend: Backend): Promise<StartedBackend> {
  let started: boolean;
  try {
    started = await tf.setBackend(backend);
    await tf.ready();
  } catch (error) {
    throw unavailable(backend, (error as Error).message, error);
  }
  if (!started) throw unavailable(backend, 'it says no more than that');
  return { tf, check: () => {}, [Symbol.asyncDispose]: async () => tf.removeBackend(backend) };
}

function unavailable(backend: Backend, why: string, cause?: unknown): CoreError {
  return new CoreError('RUNTIME_UNAVAILABLE', `the backend ${backend} of TensorFlow.js does not start: ${why}`, {
    cause,
  });
}
