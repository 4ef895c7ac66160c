import { ModelError } from '../errors.ts';
import type { BertTensors, LazyTensor, TensorSource } from './contract.ts';

/** Where a file keeps one of BERT's tensors. */
export interface Located {
  readonly name: string;
  /** For kernels: whether the file holds `[outputs, inputs]`, as torch's Linear does. */
  readonly transposed?: boolean;
}

/** BERT's tensors found in a source by a naming; every request is checked for presence and shape before it is read. */
export function bertTensors(source: TensorSource, locate: (canonical: string) => Located | undefined): BertTensors {
  const find = (canonical: string, shape: readonly number[]): LazyTensor & Located => {
    const located = locate(canonical);
    const info = located && source.info(located.name);
    const stored = located?.transposed ? shape.toReversed() : shape;
    if (!located || !info)
      throw new ModelError(
        'MODEL_INVALID',
        `Expected tensor \`${canonical}\` of shape [${stored.join()}] in ${source.origin}, found none` +
          `${located ? ` under the name \`${located.name}\`` : ''}. Is it a BERT-class encoder with this config.json?`,
      );
    if (info.shape.length !== stored.length || info.shape.some((size, axis) => size !== stored[axis]))
      throw new ModelError(
        'MODEL_INVALID',
        `Expected tensor \`${located.name}\` in ${source.origin} to have shape [${stored.join()}], found [${info.shape.join()}]. ` +
          'config.json and the weights are of different models.',
      );
    return { ...located, shape, read: () => source.read(located.name) };
  };
  return {
    tensor: find,
    kernel(canonical, inputs, outputs) {
      const found = find(canonical, [inputs, outputs]);
      return found.transposed ? { shape: found.shape, read: () => transpose(found.read(), outputs, inputs) } : found;
    },
  };
}

/** Of a row-major `rows × columns` matrix, in tiles that fit a core's first cache. */
function transpose(values: Float32Array<ArrayBuffer>, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const tile = 32;
  const out = new Float32Array(values.length);
  for (let top = 0; top < rows; top += tile)
    for (let left = 0; left < columns; left += tile) {
      const bottom = Math.min(top + tile, rows);
      const right = Math.min(left + tile, columns);
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) out[column * rows + row] = values[row * columns + column]!;
    }
  return out;
}
