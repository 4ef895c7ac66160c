/** The contract of an exact search on the CPU, and what each must agree with before it is timed. */

/** Positions of the best items of each query, best first, row-major `queries × k`. */
type Positions = ArrayLike<number | bigint>;

export interface Search extends AsyncDisposable {
  readonly name: string;
  readonly peer: boolean;
  /** `queries` is row-major `count × dims`. */
  readonly topK: (queries: Float32Array<ArrayBuffer>, k: number) => Promise<Positions>;
}

export interface Corpus {
  readonly dims: number;
  readonly count: number;
  /** Row-major `count × dims`, rows of norm 1. */
  readonly items: Float32Array<ArrayBuffer>;
}

/** Rows of norm 1 with components from a generator of numbers in [0, 1). */
export function unitRows(count: number, dims: number, random: () => number): Float32Array<ArrayBuffer> {
  const data = Float32Array.from({ length: count * dims }, () => random() - 0.5);
  for (let from = 0; from < data.length; from += dims) {
    const row = data.subarray(from, from + dims);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (const [at, value] of row.entries()) row[at] = value / norm;
  }
  return data;
}

/**
 * Throws unless the `k` positions hold the `k` greatest scores in float64, best first. Scores that differ by less than
 * float32 can tell may change places.
 */
export function checkBest(
  { items, dims, count }: Corpus,
  query: Float32Array,
  positions: readonly number[],
  name: string,
): void {
  // Twice the bound of a float32 dot product of unit vectors.
  const tolerance = dims * 2 ** -23;
  const scoreOf = (item: number): number => {
    let sum = 0;
    for (let at = 0; at < dims; at++) sum += (query[at] ?? 0) * (items[item * dims + at] ?? 0);
    return sum;
  };
  const scores = Float64Array.from({ length: count }, (_, item) => scoreOf(item))
    .sort()
    .reverse();
  for (const [rank, position] of positions.entries()) {
    const [expected = 0, got] = [scores[rank], scoreOf(position)];
    if (!(Math.abs(expected - got) <= tolerance)) {
      throw new Error(`Expected ${name} to find a score of ${expected} at rank ${rank}, got ${got}: not timed.`);
    }
  }
  if (new Set(positions).size !== positions.length) throw new Error(`Expected ${name} to find each item once.`);
}
