import type { LocalModel } from '../../models/contract.ts';
import type { Device } from '../device/contract.ts';
import { CoreError } from '../errors.ts';
import type { Runtime, RuntimeName } from './contract.ts';
import { onnx } from './onnx/onnx.ts';
import { tfjs } from './tfjs/tfjs.ts';

/** Every runtime, the preferred one first. */
export const runtimes: readonly Runtime[] = [onnx, tfjs];

/** Throws `RUNTIME_UNAVAILABLE` for a name that no runtime has. */
export function findRuntime(name: RuntimeName): Runtime {
  const runtime = runtimes.find((candidate) => candidate.name === name);
  if (runtime !== undefined) return runtime;
  const names = runtimes.map((candidate) => candidate.name).join(', ');
  throw new CoreError('RUNTIME_UNAVAILABLE', `expected one of the runtimes ${names}, got "${String(name)}"`);
}

/**
 * The first runtime that can run the model on the device: ONNX Runtime wherever it serves the device, and TensorFlow.js
 * where only that does and the model is one of its graphs. Throws `RUNTIME_UNAVAILABLE` with every runtime's reason.
 */
export async function chooseRuntime(device: Device, model: LocalModel): Promise<Runtime> {
  const reasons: string[] = [];
  for (const runtime of runtimes) {
    const reason = (await runtime.unavailable(device)) ?? unfit(runtime, model);
    if (reason === undefined) return runtime;
    reasons.push(`${runtime.name}: ${reason}`);
  }
  throw new CoreError(
    'RUNTIME_UNAVAILABLE',
    `no runtime runs ${model.spec.name} on ${device.kind}:${device.index} (${device.name}); ${reasons.join('; ')}`,
  );
}

function unfit(runtime: Runtime, { spec, weights }: LocalModel): string | undefined {
  if (runtime.name === 'onnx' || weights.format === 'tfjs') return undefined;
  return `it runs only TensorFlow.js graphs, and the weights of ${spec.name} are ${weights.format}`;
}
