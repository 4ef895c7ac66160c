import { InferenceSession, Tensor } from 'onnxruntime-node';
import { signature } from '../../../models/graph/contract.ts';
import { loadEncoderGraph } from '../../../models/graph/load.ts';
import { CoreError } from '../../errors.ts';
import type { SessionOptions, TokenBatch } from '../contract.ts';
import { type LoadedEncoder, serveEncoder } from '../encoder-thread.ts';
import { onnxFailure } from './failure.ts';
import { sessionOptions } from './options.ts';

await serveEncoder(async ({ model, device, threads }: SessionOptions): Promise<LoadedEncoder> => {
  const graph = await loadEncoderGraph(model, { device: device.kind });
  const session = await create(graph, { model, device, ...(threads !== undefined && { threads }) });

  const run = async ({ rows, width, ids, lengths }: TokenBatch): Promise<Float32Array<ArrayBuffer>> => {
    const feeds = {
      [signature.ids]: new Tensor('int32', ids, [rows, width]),
      [signature.lengths]: new Tensor('int32', lengths, [rows]),
    };
    const outputs = await session.run(feeds, [signature.vectors]).catch((error: unknown) => {
      throw onnxFailure(error, `run ${model.spec.name} over ${rows} × ${width} tokens on ${device.name}`);
    });
    const vectors = outputs[signature.vectors];
    if (vectors?.type !== 'float32' || !(vectors.data instanceof Float32Array)) {
      throw new CoreError('RUNTIME_FAILED', `expected float32 vectors from ${model.spec.name}, got ${vectors?.type}`);
    }
    return vectors.data as Float32Array<ArrayBuffer>;
  };

  return { run, dispose: () => session.release() };
});

async function create(graph: Uint8Array, { model, device, threads }: SessionOptions): Promise<InferenceSession> {
  // Loaded only where it is needed: most engines are on a CPU, and each has a thread that would load it anew.
  using _driver = device.kind === 'webgpu' ? await (await import('./software.ts')).driverOf(device) : undefined;
  try {
    return await InferenceSession.create(graph, sessionOptions(device, threads));
  } catch (error) {
    throw onnxFailure(error, `open ${model.spec.name} on ${device.name}`);
  }
}
