import { join } from 'node:path';
import type { Weights } from '../contract.ts';
import { ModelError } from '../errors.ts';
import { isObject, readOptionalObject } from './json-file.ts';
import { isInside } from './relative-path.ts';

/** Where an ONNX graph may lie, best first. */
export const onnxPaths: readonly string[] = ['onnx/model.onnx', 'model.onnx'];
export const safetensorsPath = 'model.safetensors';
export const safetensorsIndexPath = 'model.safetensors.index.json';

/** A choice among the files of a folder or a repository, relative to the transformer. */
export type WeightsChoice =
  | { readonly format: 'safetensors'; readonly path: string }
  | { readonly format: 'safetensorsIndex'; readonly path: string }
  | { readonly format: 'onnx'; readonly path: string };

/** Safetensors where our own graph can be built from them, else ONNX; `undefined` where there is neither. */
export function chooseWeights(has: (path: string) => boolean, isBert: boolean): WeightsChoice | undefined {
  if (isBert && has(safetensorsPath)) {
    return { format: 'safetensors', path: safetensorsPath };
  }
  if (isBert && has(safetensorsIndexPath)) {
    return { format: 'safetensorsIndex', path: safetensorsIndexPath };
  }
  const onnx = onnxPaths.find(has);
  return onnx === undefined ? undefined : { format: 'onnx', path: onnx };
}

/** Absolute paths of the chosen weights. */
export async function locateWeights(folder: string, choice: WeightsChoice): Promise<Weights> {
  const path = join(folder, choice.path);
  switch (choice.format) {
    case 'onnx':
      return { format: 'onnx', path };
    case 'safetensors':
      return { format: 'safetensors', paths: [path] };
    case 'safetensorsIndex': {
      const shards = shardsOf(await readOptionalObject(path), path);
      return { format: 'safetensors', paths: shards.map((shard) => join(folder, shard)) };
    }
  }
}

/** The files that `model.safetensors.index.json` names. */
export function shardsOf(index: unknown, path: string): readonly string[] {
  const map = isObject(index) ? index['weight_map'] : undefined;
  const shards = isObject(map) ? [...new Set(Object.values(map))] : [];
  if (shards.length === 0 || !shards.every((shard) => typeof shard === 'string' && isInside(shard))) {
    throw new ModelError('MODEL_INVALID', `Expected \`weight_map\` in ${path} to map tensors to files beside it.`);
  }
  return (shards as string[]).toSorted();
}

export function noWeights(where: string, isBert: boolean, modelType: string): ModelError {
  return new ModelError(
    'MODEL_UNSUPPORTED',
    isBert
      ? `${where} has neither model.safetensors nor onnx/model.onnx. Save it again with safetensors (the default of recent transformers), or export it to ONNX.`
      : `${where} is a \`${modelType}\`, which runs only from its own ONNX graph, and has no onnx/model.onnx. Export it to ONNX.`,
  );
}
