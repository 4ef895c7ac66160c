import type { Device, DeviceRequest } from '../../../core/device/contract.ts';
import { resolveDevice } from '../../../core/device/index.ts';
import { onnx } from '../../../core/runtime/onnx/onnx.ts';
import { tfjs, tfjsRuntime } from '../../../core/runtime/tfjs/tfjs.ts';
import type { Runtime } from '../../../core/runtime/contract.ts';
import { batchOf, texts } from './batches.ts';
import { conformance, type Subject } from './conformance.ts';
import { minilm } from './minilm.ts';

let vectors: Promise<Float32Array> | undefined;

/** Vectors of `texts` on ONNX Runtime's CPU provider, which `npm run quality` measures against published scores. */
function reference(): Promise<Float32Array> {
  vectors ??= (async () => {
    await using session = await onnx.open({ model: minilm, device: await resolveDevice('cpu') });
    return await session.run(batchOf(texts));
  })();
  return vectors;
}

async function subject(runtime: Runtime, request: DeviceRequest, agreement: number, label: string): Promise<Subject> {
  let device: Device | undefined;
  let skip: string | undefined;
  try {
    device = await resolveDevice(request);
    skip = await runtime.unavailable(device);
  } catch (error) {
    skip = (error as Error).message;
  }
  return { name: label, runtime, device, skip, agreement, slow: device?.software ?? false };
}

const onnxOnGpu = await subject(onnx, 'webgpu', 0.999, 'onnx on webgpu');
const onnxOnEmulated = await subject(onnx, 'software', 0.999, 'onnx on software webgpu');

const subjects = [
  await subject(onnx, 'cpu', 0.999_999, 'onnx on cpu'),
  await subject(onnx, 'cuda', 0.999, 'onnx on cuda'),
  onnxOnGpu,
  onnxOnGpu.skip === undefined
    ? { ...onnxOnEmulated, skip: 'the real GPU holds its place in this process' }
    : onnxOnEmulated,
  await subject(tfjs, 'cpu', 0.999, 'tfjs on cpu'),
  await subject(tfjs, 'cuda', 0.999, 'tfjs on cuda'),
  await subject(tfjs, 'webgpu', 0.999, 'tfjs on webgpu'),
  await subject(tfjs, 'software', 0.999, 'tfjs on software webgpu'),
  { ...(await subject(tfjsRuntime({ cpu: 'cpu' }), 'cpu', 0.999, 'tfjs on cpu in plain JavaScript')), slow: true },
];

for (const each of subjects) conformance(each, reference);
