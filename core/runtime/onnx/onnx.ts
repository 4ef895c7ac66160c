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
      throw new CoreError('INPUT_INVALID', `expected threads to be an integer from 1 up, got ${threads}`);
    }
    return openThreadSession({
      runtime: 'onnx',
      model,
      device,
      worker,
      data: { model, device, ...(threads !== undefined && { threads }) },
    });
  },
};
