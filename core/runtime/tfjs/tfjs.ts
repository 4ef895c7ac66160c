import type { ModelSpec } from '../../../models/contract.ts';
import { ModelError } from '../../../models/errors.ts';
import type { Device } from '../../device/contract.ts';
import { CoreError } from '../../errors.ts';
import type { Runtime } from '../contract.ts';
import { openThreadSession } from '../session.ts';
import { type Backend, missingPackages } from './packages.ts';

export interface TfjsOptions {
  /** Backend for a CPU device: WebAssembly, or plain JavaScript, about ten times slower. Default: `wasm`. */
  readonly cpu?: 'wasm' | 'cpu';
}

/** What the worker needs to open a session. */
export interface TfjsData {
  /** Path of `model.json`. */
  readonly path: string;
  readonly spec: ModelSpec;
  readonly device: Device;
  readonly backend: Backend;
}

const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const worker = new URL(`./tfjs.worker${extension}`, import.meta.url);

/**
 * TensorFlow.js as a runtime, for models whose weights are a tfjs graph that pools and normalises by itself. Its
 * packages are optional; where they are absent, `open` throws `RUNTIME_UNAVAILABLE` with the line that installs them.
 */
export function tfjsRuntime(options: TfjsOptions = {}): Runtime {
  const { cpu = 'wasm', ...unknown } = options;
  if (Object.keys(unknown).length > 0 || !['wasm', 'cpu'].includes(cpu)) {
    throw new CoreError('OPTION_INVALID', `expected { cpu: "wasm" | "cpu" }, got ${JSON.stringify(options)}`);
  }
  const backendFor = ({ kind }: Device): Backend => ({ cpu, webgpu: 'webgpu', cuda: 'tensorflow' } as const)[kind];
  const unavailable = async (device: Device) => missingPackages(backendFor(device));
  return {
    name: 'tfjs',
    unavailable,
    async open({ model, device }) {
      const reason = await unavailable(device);
      if (reason !== undefined) throw new CoreError('RUNTIME_UNAVAILABLE', reason);
      if (model.weights.format !== 'tfjs') {
        throw new ModelError(
          'MODEL_UNSUPPORTED',
          `the runtime tfjs runs only TensorFlow.js graphs, and the weights of ${model.spec.name} are ` +
            `${model.weights.format}; use the runtime onnx`,
        );
      }
      const data: TfjsData = { path: model.weights.path, spec: model.spec, device, backend: backendFor(device) };
      return openThreadSession({ runtime: 'tfjs', model, device, worker, data });
    },
  };
}

export const tfjs: Runtime = tfjsRuntime();
