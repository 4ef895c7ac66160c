import { answerProbe, probeArgument } from './probe.ts';

export interface CudaArgument {
  readonly deviceId: number;
}

export type CudaReport = { readonly loads: true } | { readonly loads: false; readonly error: string };

/** The smallest ONNX model there is, in protobuf's fields: opset 13, `y = Identity(x)` over one float. */
const MODEL = Uint8Array.of(
  0x08,
  7, // ir_version
  ...field(0x3a, [
    ...field(0x0a, [...field(0x0a, ascii('x')), ...field(0x12, ascii('y')), ...field(0x22, ascii('Identity'))]),
    ...field(0x12, ascii('probe')),
    ...field(0x5a, scalar('x')),
    ...field(0x62, scalar('y')),
  ]),
  ...field(0x42, [0x10, 13]), // opset_import
);

const { deviceId } = probeArgument<CudaArgument>();
answerProbe(await tryCuda(deviceId));

async function tryCuda(id: number): Promise<CudaReport> {
  try {
    const ort = await import('onnxruntime-node');
    const session = await ort.InferenceSession.create(MODEL, {
      executionProviders: [{ name: 'cuda', deviceId: id }],
      logSeverityLevel: 3,
    });
    await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), []) });
    return { loads: true };
  } catch (error) {
    return { loads: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}

function scalar(name: string): number[] {
  return [...field(0x0a, ascii(name)), ...field(0x12, field(0x0a, [0x08, 1, ...field(0x12, [])]))];
}

function field(tag: number, bytes: readonly number[]): number[] {
  return [tag, bytes.length, ...bytes];
}
