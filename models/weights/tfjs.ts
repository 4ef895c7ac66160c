import { ModelError } from '../errors.ts';
import type { TensorInfo, TensorSource } from './contract.ts';
import { beside, JoinedFiles } from './files.ts';
import { fromAffine, fromFloat16, fromFloat32 } from './floats.ts';
import { type ManifestWeight, readTfjsModel, type TfjsNode } from './tfjsModel.ts';

/** A tfjs graph-model: weights, and the graph that says what they are for. */
export interface TfjsSource extends TensorSource {
  node(name: string): TfjsNode | undefined;
  readonly nodes: readonly TfjsNode[];
}

interface Entry extends TensorInfo {
  readonly weight: ManifestWeight;
  readonly files: JoinedFiles;
  readonly offset: number;
  readonly byteLength: number;
}

const itemBytes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

/**
 * Opens a tfjs graph-model by its `model.json`: float32 weights, stored as they are or quantised to uint8, uint16 or float16.
 * Throws `MODEL_NOT_FOUND` where a file can't be opened, `MODEL_INVALID` where one is damaged, `MODEL_UNSUPPORTED` for weights
 * of a dtype whose size can't be known. Source of the format: the weight manifest of @tensorflow/tfjs-core.
 */
export async function openTfjs(path: string): Promise<TfjsSource> {
  const model = await readTfjsModel(path);
  const stack = new AsyncDisposableStack();
  try {
    const entries = new Map<string, Entry>();
    for (const group of model.groups) {
      const files = stack.use(await JoinedFiles.open(group.paths.map((shard) => beside(path, shard))));
      let offset = 0;
      for (const weight of group.weights) {
        const byteLength = sizeOf(weight, path);
        entries.set(weight.name, {
          dtype: weight.dtype,
          shape: weight.shape,
          weight,
          files,
          offset,
          byteLength,
        });
        offset += byteLength;
      }
      if (offset !== files.byteLength)
        throw new ModelError(
          'MODEL_INVALID',
          `Expected ${offset} bytes of weights beside ${path}, as it lists them, found ${files.byteLength}: ` +
            'the download is incomplete or of another version. Fetch the model again.',
        );
    }
    return new Tfjs(path, entries, model.nodes, stack.move());
  } catch (cause) {
    await stack.disposeAsync();
    throw cause;
  }
}

class Tfjs implements TfjsSource {
  readonly origin: string;
  readonly names: readonly string[];
  readonly nodes: readonly TfjsNode[];
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #nodes: ReadonlyMap<string, TfjsNode>;
  readonly #files: AsyncDisposableStack;

  constructor(
    origin: string,
    entries: ReadonlyMap<string, Entry>,
    nodes: readonly TfjsNode[],
    files: AsyncDisposableStack,
  ) {
    this.origin = origin;
    this.names = [...entries.keys()];
    this.nodes = nodes;
    this.#entries = entries;
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#files = files;
  }

  node(name: string): TfjsNode | undefined {
    return this.#nodes.get(name);
  }

  info(name: string): TensorInfo | undefined {
    return this.#entries.get(name);
  }

  read(name: string): Float32Array<ArrayBuffer> {
    const entry = this.#entries.get(name);
    if (!entry)
      throw new ModelError(
        'MODEL_INVALID',
        `Expected a weight \`${name}\` in ${this.origin}, found none of that name.`,
      );
    if (entry.dtype !== 'float32')
      throw new ModelError(
        'MODEL_UNSUPPORTED',
        `Expected weight \`${name}\` of ${this.origin} to be float32, got ${entry.dtype}.`,
      );
    const bytes = entry.files.read(entry.offset, entry.byteLength);
    const { quantization } = entry.weight;
    if (!quantization) return fromFloat32(bytes);
    if (quantization.dtype === 'float16') return fromFloat16(bytes);
    return fromAffine(bytes, quantization.dtype === 'uint8' ? 1 : 2, quantization.scale, quantization.min);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files.disposeAsync();
  }
}

function sizeOf(weight: ManifestWeight, path: string): number {
  const stored = weight.quantization?.dtype ?? weight.dtype;
  const width = itemBytes[stored];
  if (width === undefined)
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected weight \`${weight.name}\` of ${path} to be numeric, got ${stored}.`,
    );
  return width * weight.shape.reduce((product, size) => product * size, 1);
}
