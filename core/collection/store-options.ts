import { CoreError } from '../errors.ts';
import type { StoreOptions } from './contract.ts';

/** Throws `OPTION_INVALID` where the type and the metric don't go together. */
export function checkStoreOptions({ dims, type, metric }: StoreOptions): void {
  if (!Number.isInteger(dims) || dims < 1) {
    throw new CoreError('OPTION_INVALID', `expected \`dims\` to be an integer from 1 up, got ${dims}`);
  }
  const ofBits = metric === 'hamming' || metric === 'jaccard';
  if (ofBits === (type === 'b1')) return;
  const expected = type === 'b1' ? 'hamming or jaccard' : 'cosine, dot or euclidean';
  throw new CoreError(
    'OPTION_INVALID',
    `expected the metric of vectors of type ${type} to be ${expected}, got ${metric}`,
  );
}
