import type { HostRows } from '../collection/host-rows.ts';
import type { DeviceKind } from '../device/contract.ts';

const UNIT = 2 ** -24;
/** Twice what TensorFloat-32, to which CUDA rounds both factors, may add to each product. */
const TF32 = 2 ** -9;
/** Below it no sum of products can overflow float32, in whatever order it is made, nor a square or its double. */
const SAFE = 1e37;

/** Whether every score of rows and queries of these norms is sure to be a number. False where a norm is NaN. */
export function isSafe(query: number, row: number, dims: number): boolean {
  return (query + row) ** 2 * dims < SAFE;
}

/**
 * How far a score in float32 may be from the true one, in whatever order the product was summed: γₙ·‖q‖·‖x‖, and for the
 * euclidean γₙ·(‖q‖ + ‖x‖)², where n counts the roundings on the way (Higham, 2nd ed., §3.1) and the last term is what
 * may be flushed to zero.
 */
export function boundOf({ dims, metric }: HostRows, query: number, row: number, kind: DeviceKind): number {
  const roundings = dims + 8;
  const gamma = (roundings * UNIT) / (1 - roundings * UNIT) + (kind === 'cuda' ? TF32 : 0);
  const size = metric === 'euclidean' ? (query + row) ** 2 : query * row;
  return gamma * size + dims * 2 ** -125;
}
