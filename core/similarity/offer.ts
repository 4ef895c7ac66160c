import { BIN } from '../collection/host-rows.ts';
import { isAllowed } from './allowed.ts';
import type { Sink } from './shortlist.ts';

/** Fewer bins say too little of where the best are: then all scores of the first block do. */
const ENOUGH_BINS = 512;

/** Scores of a block, row-major `panels × queries × width`, and the greatest of each bin. Good until the next. */
export interface BlockScores {
  readonly scores: Float32Array;
  readonly maxima: Float32Array;
  /** Rows of a panel. */
  readonly width: number;
}

/** Which rows were scored: the first `rows` of the panels are meant. */
export interface Scored {
  readonly rows: number;
  /** The row of the store that row 0 is; the others follow it, unless they are listed. */
  readonly first: number;
  readonly listed?: Uint32Array<ArrayBuffer> | undefined;
}

/** Looks at the scores of those bins alone whose greatest passes the floor. */
export function offer(
  { rows, first, listed }: Scored,
  { scores, maxima, width }: BlockScores,
  queries: number,
  allowed: Uint32Array | undefined,
  sink: Sink,
): void {
  const filtered = listed === undefined ? allowed : undefined;
  const [panels, bins] = [scores.length / queries / width, width / BIN];
  for (let query = 0; query < queries; query++) {
    let floor = sink.floor(query);
    if (floor === -Infinity && filtered === undefined) {
      // The last bin may have rows that are not meant.
      const whole = Math.floor(rows / BIN);
      const known =
        whole < ENOUGH_BINS ? ofQuery(scores, query, queries, width) : ofQuery(maxima, query, queries, bins);
      floor = sink.raised(query, known.subarray(0, whole < ENOUGH_BINS ? rows : whole));
    }
    for (let panel = 0; panel < panels; panel++) {
      const ofRows = (panel * queries + query) * width;
      const ofBins = (panel * queries + query) * bins;
      for (let bin = 0; bin < bins; bin++) {
        if (!(maxima[ofBins + bin]! > floor)) continue;
        const from = panel * width;
        const end = Math.min(rows - from, (bin + 1) * BIN);
        for (let at = bin * BIN; at < end; at++) {
          const score = scores[ofRows + at]!;
          if (!(score > floor)) continue;
          const row = listed === undefined ? first + from + at : listed[from + at]!;
          if (filtered === undefined || isAllowed(filtered, row)) floor = sink.offer(query, score, row);
        }
      }
    }
  }
}

/** What panels of `width` hold of one query, copied together. */
function ofQuery(all: Float32Array, query: number, queries: number, width: number): Float32Array {
  const panels = all.length / queries / width;
  const held = new Float32Array(panels * width);
  for (let panel = 0; panel < panels; panel++) {
    const from = (panel * queries + query) * width;
    for (let at = 0; at < width; at++) held[panel * width + at] = all[from + at]!;
  }
  return held;
}
