import type { Device } from '../../device/contract.ts';
import { CoreError } from '../../errors.ts';
import type { Runtime } from '../contract.ts';
import { openThreadSession } from '../session.ts';
import { onnxUnavailable } from './available.ts';

const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const worker = new URL(`./onnx.worker${extension}`, import.meta.url);

/** ONNX Runtime, on the CPU, CUDA and WebGPU, for every model that models/graph has or builds a graph for. */
export const onnx: Runtime = {
  name: 'onnx',
  unavailable: onnxUnavailable,
  async open({ model, device, threads }) {
    const reason = await onnxUnavailable(device);
    if (reason !== undefined) throw new CoreError('RUNTIME_UNAVAILABLE', reason);
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
      throw new CoreError('OPTION_INVALID', `expected threads to be an integer from 1 up, got ${threads}`);
    }
    claimAdapter(device);
    return openThreadSession({
      runtime: 'onnx',
      model,
      device,
      worker,
      data: { model, device, ...(threads !== undefined && { threads }) },
    });
  },
};

/** Name of the adapter that ONNX Runtime's WebGPU provider took, which it keeps for every later session of the process. */
let adapter: string | undefined;

/** Refuses a second adapter: a real GPU asked for after an emulated one would be the emulated one, unnoticed. */
function claimAdapter({ kind, name }: Device): void {
  if (kind !== 'webgpu') return;
  adapter ??= name;
  if (adapter === name) return;
  throw new CoreError(
    'RUNTIME_UNAVAILABLE',
    `ONNX Runtime keeps the first WebGPU adapter of a process, which was ${adapter}; use ${name} in another process`,
  );
}
