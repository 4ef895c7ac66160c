import type { HostQuery } from '../collection/host-rows.ts';
import { OFFSET } from './coarse-graph.ts';

/** Two products of it with bytes fit 16 bits, in which ONNX Runtime adds them. */
const GREATEST = 63;

/** A query as about `step` times its bytes, of 7 bits. */
export interface CoarseQuery {
  readonly step: number;
  /** The L2 norm of what the bytes lack of the query. */
  readonly residual: number;
  /** The L2 norm of what they are. */
  readonly norm: number;
}

/** Writes the bytes into `into`, each `OFFSET` more. */
export function coarseQuery({ components }: HostQuery, into: Uint8Array): CoarseQuery {
  let greatest = 0;
  for (let at = 0; at < components.length; at++) greatest = Math.max(greatest, Math.abs(components[at]!));
  const step = greatest > 2 ** -100 ? greatest / GREATEST : 1;
  let [lack, sum] = [0, 0];
  for (let at = 0; at < components.length; at++) {
    const component = components[at]!;
    const byte = Math.min(GREATEST, Math.max(-GREATEST, Math.round(component / step)));
    into[at] = byte + OFFSET;
    const [kept, rest] = [byte * step, component - byte * step];
    lack += rest * rest;
    sum += kept * kept;
  }
  // Rounded up.
  return { step, residual: Math.sqrt(lack) * (1 + 2 ** -40), norm: Math.sqrt(sum) * (1 + 2 ** -40) };
}

/**
 * How far `step` times a score may be from the true one: q·x − q̂·x̂ = (q − q̂)·x + q̂·(x − x̂), by Cauchy and Schwarz, and four
 * roundings to float32 of numbers below 2¹⁵ · dims steps of both.
 */
export function coarseBound(query: CoarseQuery, dims: number, row: { norm: number; residual: number }): number {
  const roundings = 4 * 2 ** -24 * (2 ** 15 * dims) * query.step * (row.norm / 127);
  return query.residual * row.norm + query.norm * row.residual + roundings + dims * 2 ** -120;
}
