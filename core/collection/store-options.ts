import type { Metric } from '../../kernels/index.ts';
import { CoreError } from '../errors.ts';
import type { SearchOptions, StoreOptions } from './contract.ts';

/** Throws `OPTION_INVALID` where the type and the metric don't go together. */
export function checkStoreOptions({ dims, type, metric, rescore }: StoreOptions): void {
  if (!Number.isInteger(dims) || dims < 1) {
    throw new CoreError('OPTION_INVALID', `expected \`dims\` to be an integer from 1 up, got ${dims}`);
  }
  const ofBits = type === 'b1' && !rescore;
  if (ofBits === (metric === 'hamming' || metric === 'jaccard')) return;
  const expected = ofBits ? 'hamming or jaccard' : 'cosine, dot or euclidean';
  throw new CoreError(
    'OPTION_INVALID',
    `expected the metric of vectors of type ${type}${rescore ? ' with rescoring' : ''} to be ${expected}, got ${metric}`,
  );
}

/** By what candidates are found: bits that stand for float32, which is scored again, by how many differ. */
export function firstMetric({ type, metric, rescore }: StoreOptions): Metric {
  return type === 'b1' && rescore ? 'hamming' : metric;
}

/** Candidates for each of the k, where nothing else is asked, and most of them of one query. */
const OVERSAMPLE = 4;
const MAX_CANDIDATES = 65_536;

/** How many candidates of each query a store that rescores takes. */
export function candidatesOf({ k, oversample = OVERSAMPLE }: SearchOptions): number {
  return Math.max(k, Math.min(Math.ceil(k * oversample), MAX_CANDIDATES));
}
