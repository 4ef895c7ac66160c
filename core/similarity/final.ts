import { type Best, NO_ROW } from '../collection/contract.ts';
import { Selector } from './select.ts';

/** The answer of a search, filled query by query from scores that are final. */
export class Final {
  readonly best: Best;
  readonly #selector: Selector;
  readonly #positions: Uint32Array;

  constructor(queries: number, k: number) {
    const rows = new Uint32Array(queries * k).fill(NO_ROW);
    const scores = new Float32Array(queries * k).fill(Number.NaN);
    this.best = { k, rows, scores };
    this.#selector = new Selector(k);
    this.#positions = new Uint32Array(k);
  }

  /** The k best of these rows, which ascend, become the answer to a query. */
  select(query: number, rows: Uint32Array, scoreOf: (row: number) => number): void {
    const scores = new Float32Array(rows.length);
    for (let at = 0; at < rows.length; at++) scores[at] = scoreOf(rows[at]!);
    this.selectScored(query, scores, rows);
  }

  /** As `select`, of scores that are there; without `rows`, position 0 is row 0 and so on. */
  selectScored(query: number, scores: Float32Array, rows?: Uint32Array): void {
    const { k } = this.best;
    const held = this.#selector.select(scores, this.#positions, this.best.scores.subarray(query * k, (query + 1) * k));
    for (let rank = 0; rank < held; rank++) {
      const position = this.#positions[rank]!;
      this.best.rows[query * k + rank] = rows === undefined ? position : rows[position]!;
    }
  }
}
