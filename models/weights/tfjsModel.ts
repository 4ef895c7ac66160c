import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.ts';
import { messageOf } from './files.ts';

export type Quantization =
  | { readonly dtype: 'uint8' | 'uint16'; readonly scale: number; readonly min: number }
  | { readonly dtype: 'float16' };

export interface ManifestWeight {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly quantization?: Quantization;
}

/** Weights that lie end to end in the group's files joined. */
export interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

export interface TfjsNode {
  readonly name: string;
  readonly op: string;
  /** Names of nodes, without output numbers or control dependencies' marks. */
  readonly inputs: readonly string[];
}

export interface TfjsModel {
  readonly nodes: readonly TfjsNode[];
  readonly groups: readonly ManifestGroup[];
}

/** Reads the `model.json` of a tfjs graph-model. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID` or `MODEL_UNSUPPORTED`. */
export async function readTfjsModel(path: string): Promise<TfjsModel> {
  const json = await parse(path);
  const invalid = (expected: string): ModelError =>
    new ModelError(
      'MODEL_INVALID',
      `Expected ${expected} in ${path}: the file is damaged or of another format. Fetch it again.`,
    );
  if (!isRecord(json) || !Array.isArray(json['weightsManifest'])) throw invalid('a weightsManifest');
  const topology = json['modelTopology'];
  if (json['format'] !== 'graph-model' || !isRecord(topology) || !Array.isArray(topology['node']))
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected a tfjs graph-model in ${path}, got the format ${JSON.stringify(json['format'])}.`,
    );
  const groups = json['weightsManifest'].map((group: unknown): ManifestGroup => {
    if (!isRecord(group) || !Array.isArray(group['weights']) || !isTexts(group['paths']))
      throw invalid('groups of paths and weights');
    const weights = group['weights'].map((weight: unknown) => {
      if (!isWeight(weight))
        throw invalid(`a weight with name, dtype, shape and a known quantization instead of ${JSON.stringify(weight)}`);
      return weight;
    });
    return { paths: group['paths'], weights };
  });
  const nodes = topology['node'].map((node: unknown): TfjsNode => {
    if (!isRecord(node) || typeof node['name'] !== 'string' || typeof node['op'] !== 'string')
      throw invalid('nodes with name and op');
    const inputs = isTexts(node['input']) ? node['input'] : [];
    return {
      name: node['name'],
      op: node['op'],
      inputs: inputs.map((input) => input.replace(/^\^/, '').replace(/:\d+$/, '')),
    };
  });
  return { nodes, groups };
}

async function parse(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ModelError(
      'MODEL_NOT_FOUND',
      `Expected a tfjs model at ${path}, but it can't be read: ${messageOf(cause)}.`,
      {
        cause,
      },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `Expected JSON in ${path}: ${messageOf(cause)}. Fetch the model again.`, {
      cause,
    });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function isWeight(value: unknown): value is ManifestWeight {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['dtype'] === 'string' &&
    Array.isArray(value['shape']) &&
    value['shape'].every((size) => Number.isSafeInteger(size) && size >= 0) &&
    (value['quantization'] === undefined || isQuantization(value['quantization']))
  );
}

function isQuantization(value: unknown): value is Quantization {
  if (!isRecord(value)) return false;
  if (value['dtype'] === 'float16') return true;
  const isCode = value['dtype'] === 'uint8' || value['dtype'] === 'uint16';
  return isCode && typeof value['scale'] === 'number' && typeof value['min'] === 'number';
}
