import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { io } from '@tensorflow/tfjs';
import { ModelError } from '../../../models/errors.ts';

/** Reads a graph model (`model.json` and its shards) from a folder, which TensorFlow.js alone does only over HTTP. */
export function graphModelFiles(path: string): io.IOHandler {
  return {
    load: async () => {
      const model = parse(path, await readFile(path, 'utf8'));
      const folder = dirname(path);
      const shards = await Promise.all(
        model.weightsManifest.flatMap((group) => group.paths.map((name) => readFile(join(folder, name)))),
      );
      const { modelTopology, format, signature, userDefinedMetadata } = model;
      return {
        modelTopology,
        ...(format !== undefined && { format }),
        ...(signature !== undefined && { signature }),
        ...(userDefinedMetadata !== undefined && { userDefinedMetadata }),
        weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
        weightData: joined(shards),
      };
    },
  };
}

function parse(path: string, json: string): io.ModelJSON {
  let model: Partial<io.ModelJSON>;
  try {
    model = JSON.parse(json) as Partial<io.ModelJSON>;
  } catch (error) {
    throw new ModelError('MODEL_INVALID', `${path} is not JSON`, { cause: error });
  }
  if (model.format !== 'graph-model' || model.modelTopology === undefined || !Array.isArray(model.weightsManifest)) {
    throw new ModelError(
      'MODEL_INVALID',
      `expected a TensorFlow.js model.json of format graph-model with topology and weights at ${path}, ` +
        `got format ${String(model.format)}`,
    );
  }
  return model as io.ModelJSON;
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}
