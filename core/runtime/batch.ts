import type { ModelSpec } from '../../models/contract.ts';
import { CoreError } from '../errors.ts';
import type { TokenBatch } from './contract.ts';

/**
 * Throws `INPUT_INVALID` for a batch that contradicts itself or the model. Runtimes are asked only for batches that
 * pass, since on a GPU an id outside the vocabulary is read from somewhere else instead of failing.
 */
export function checkBatch(batch: TokenBatch, spec: ModelSpec): void {
  const { rows, width, ids, lengths } = batch;
  const { vocabulary = 2 ** 31, positions = Infinity, firstPosition = 0 } = spec.bert ?? {};
  expectCount('rows', rows, Infinity);
  expectCount('width', width, positions - firstPosition);
  if (ids.length !== rows * width) {
    throw invalid(`rows × width = ${rows} × ${width} = ${rows * width} token ids, got ${ids.length}`);
  }
  if (lengths.length !== rows) throw invalid(`one length for each of ${rows} rows, got ${lengths.length}`);
  const badLength = lengths.findIndex((length) => length < 1 || length > width);
  if (badLength !== -1) {
    throw invalid(`lengths from 1 to the width ${width}, got ${lengths[badLength]} in row ${badLength}`);
  }
  const badId = ids.findIndex((id) => id < 0 || id >= vocabulary);
  if (badId !== -1) {
    throw invalid(
      `token ids from 0 to ${vocabulary - 1}, got ${ids[badId]} in row ${Math.floor(badId / width)}, ` +
        `column ${badId % width}; was the text tokenised for another model?`,
    );
  }
}

function expectCount(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  const range = most === Infinity ? 'from 1 up' : `from 1 to ${most}`;
  throw invalid(`${name} to be an integer ${range}, got ${value}`);
}

function invalid(message: string): CoreError {
  return new CoreError('INPUT_INVALID', `expected ${message}`);
}
