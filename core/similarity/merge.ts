import type { Best } from '../collection/contract.ts';
import { precedes } from './order.ts';

/** The best rows of one part of a store, whose row 0 is row `first` of the whole. */
export interface PartBest extends Best {
  readonly first: number;
}

/** Merges the parts' sorted lists into the `k` best of the whole. The parts must be in row order. */
export function mergeBest(parts: readonly PartBest[], queries: number, k: number): Best {
  const available = parts.reduce((sum, part) => sum + part.k, 0);
  const width = Math.min(k, available);
  const rows = new Uint32Array(queries * width);
  const scores = new Float32Array(queries * width);
  const next = new Uint32Array(parts.length);
  for (let query = 0; query < queries; query++) {
    next.fill(0);
    for (let rank = 0; rank < width; rank++) {
      let best = -1;
      let bestScore = Number.NaN;
      let bestRow = Infinity;
      for (const [index, part] of parts.entries()) {
        const taken = next[index] ?? 0;
        if (taken >= part.k) continue;
        const at = query * part.k + taken;
        const score = part.scores[at] ?? Number.NaN;
        const row = part.first + (part.rows[at] ?? 0);
        if (best < 0 || precedes(score, row, bestScore, bestRow)) {
          best = index;
          bestScore = score;
          bestRow = row;
        }
      }
      next[best] = (next[best] ?? 0) + 1;
      rows[query * width + rank] = bestRow;
      scores[query * width + rank] = bestScore;
    }
  }
  return { k: width, rows, scores };
}
