import type { LocalModel } from '../contract.ts';
import { decodeModel } from '../onnx/decode.ts';
import { encodeModel } from '../onnx/encode.ts';
import { openExternalData } from '../onnx/externalData.ts';
import { JoinedFiles } from '../weights/files.ts';
import { huggingFaceBert } from '../weights/huggingFaceBert.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import { tensorFlowBert } from '../weights/tensorFlowBert.ts';
import { openTfjs } from '../weights/tfjs.ts';
import { buildEncoderGraph, type EncoderGraphOptions } from './encoder.ts';
import { poolModel } from './existing.ts';

/**
 * An ONNX graph of the model with the inputs and output of `signature`, weights included: built from safetensors or tfjs weights,
 * or the model's own `model.onnx` with pooling appended and external data taken in. Reading is synchronous once files are open:
 * call it off the main thread. Throws the `ModelError`s of `buildEncoderGraph`, `poolExistingGraph` and the readers.
 */
export async function loadEncoderGraph(
  { spec, weights }: LocalModel,
  options: EncoderGraphOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (weights.format) {
    case 'safetensors': {
      await using source = await openSafetensors(weights.paths);
      return buildEncoderGraph(spec, huggingFaceBert(source), options);
    }
    case 'tfjs': {
      await using source = await openTfjs(weights.path);
      return buildEncoderGraph(spec, tensorFlowBert(source), options);
    }
    case 'onnx': {
      await using file = await JoinedFiles.open([weights.path]);
      const model = decodeModel(file.read(0, file.byteLength));
      await using external = await openExternalData(model, weights.path);
      return encodeModel(poolModel(external.model, spec));
    }
  }
}
