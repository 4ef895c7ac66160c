import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModelError } from '../errors.ts';
import type { TensorInfo, TensorSource } from './contract.ts';
import { JoinedFiles, messageOf } from './files.ts';
import { fromBfloat16, fromFloat16, fromFloat32 } from './floats.ts';

const itemBytes: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The reference implementation's own bound on a header. */
const maxHeaderBytes = 100_000_000;

interface Entry extends TensorInfo {
  readonly file: JoinedFiles;
  readonly offset: number;
  readonly byteLength: number;
}

/**
 * Opens safetensors files (one, all the shards of a model, or the `model.safetensors.index.json` that names them):
 * F32, F16 and BF16 tensors can be read, others listed.
 * Throws `MODEL_NOT_FOUND` where a file can't be opened and `MODEL_INVALID` where one is damaged.
 * Source: the format's specification, https://huggingface.co/docs/safetensors.
 */
export async function openSafetensors(paths: readonly string[]): Promise<TensorSource> {
  const files = new AsyncDisposableStack();
  try {
    const entries = new Map<string, Entry>();
    for (const path of (await Promise.all(paths.map(shardsOf))).flat()) {
      const file = files.use(await JoinedFiles.open([path]));
      for (const [name, entry] of readHeader(file, path)) entries.set(name, entry);
    }
    return new Safetensors(paths.length === 1 ? paths[0]! : dirname(paths[0] ?? '.'), entries, files.move());
  } catch (cause) {
    await files.disposeAsync();
    throw cause;
  }
}

async function shardsOf(path: string): Promise<string[]> {
  if (!path.endsWith('.index.json')) return [path];
  const shards = await readIndex(path);
  const isPlainName = (name: unknown): name is string =>
    typeof name === 'string' && name !== '' && basename(name) === name;
  if (!shards.every(isPlainName))
    throw new ModelError(
      'MODEL_INVALID',
      `Expected a weight_map from tensors to files beside ${path}, got other values. Fetch it again.`,
    );
  return [...new Set(shards)].map((shard) => join(dirname(path), shard));
}

async function readIndex(path: string): Promise<unknown[]> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ModelError(
      'MODEL_INVALID',
      `Expected the index of sharded weights as JSON in ${path}: ${messageOf(cause)}.`,
      {
        cause,
      },
    );
  }
  return isRecord(index) && isRecord(index['weight_map']) ? Object.values(index['weight_map']) : [undefined];
}

class Safetensors implements TensorSource {
  readonly origin: string;
  readonly names: readonly string[];
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #files: AsyncDisposableStack;

  constructor(origin: string, entries: ReadonlyMap<string, Entry>, files: AsyncDisposableStack) {
    this.origin = origin;
    this.names = [...entries.keys()];
    this.#entries = entries;
    this.#files = files;
  }

  info(name: string): TensorInfo | undefined {
    return this.#entries.get(name);
  }

  read(name: string): Float32Array<ArrayBuffer> {
    const entry = this.#entries.get(name);
    if (!entry)
      throw new ModelError(
        'MODEL_INVALID',
        `Expected a tensor \`${name}\` in ${this.origin}, found none of that name.`,
      );
    const bytes = entry.file.read(entry.offset, entry.byteLength);
    if (entry.dtype === 'F32') return fromFloat32(bytes);
    if (entry.dtype === 'F16') return fromFloat16(bytes);
    if (entry.dtype === 'BF16') return fromBfloat16(bytes);
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected tensor \`${name}\` of ${this.origin} to be F32, F16 or BF16, got ${entry.dtype}.`,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files.disposeAsync();
  }
}

function readHeader(file: JoinedFiles, path: string): [string, Entry][] {
  const invalid = (message: string, cause?: unknown): ModelError =>
    new ModelError(
      'MODEL_INVALID',
      `${message} in ${basename(path)}: the file is damaged or not safetensors. Fetch it again.`,
      { cause },
    );
  const prefix = new DataView(file.read(0, 8).buffer);
  const length = Number(prefix.getBigUint64(0, true));
  if (length > maxHeaderBytes || 8 + length > file.byteLength)
    throw invalid(`Expected a header within ${file.byteLength - 8} bytes, found the length ${length}`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(file.read(8, length)));
  } catch (cause) {
    throw invalid('Expected a header in JSON', cause);
  }
  if (!isRecord(header)) throw invalid('Expected a JSON object as header');
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => {
      if (!isHeaderEntry(value))
        throw invalid(`Expected dtype, shape and data_offsets of tensor \`${name}\`, got ${JSON.stringify(value)}`);
      const [start, end] = value.data_offsets;
      const width = itemBytes[value.dtype];
      if (width === undefined) throw invalid(`Expected a known dtype of tensor \`${name}\`, got ${value.dtype}`);
      const expected = width * value.shape.reduce((product, size) => product * size, 1);
      if (end - start !== expected)
        throw invalid(
          `Expected ${expected} bytes for tensor \`${name}\` of ${value.dtype} [${value.shape.join()}], got ${end - start}`,
        );
      if (8 + length + end > file.byteLength)
        throw invalid(`Expected tensor \`${name}\` to end within ${file.byteLength} bytes, got ${8 + length + end}`);
      return [
        name,
        {
          dtype: value.dtype,
          shape: value.shape,
          file,
          offset: 8 + length + start,
          byteLength: expected,
        },
      ];
    });
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const areSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const isHeaderEntry = (value: unknown): value is HeaderEntry =>
  isRecord(value) &&
  typeof value['dtype'] === 'string' &&
  areSizes(value['shape']) &&
  areSizes(value['data_offsets']) &&
  value['data_offsets'].length === 2;
