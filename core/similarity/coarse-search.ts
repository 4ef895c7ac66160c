import { PANEL } from '../collection/coarse-rows.ts';
import { BIN, type HostQuery, type HostRows, type HostSegment } from '../collection/host-rows.ts';
import type { Device } from '../device/contract.ts';
import { coarseBound, coarseQuery } from './coarse-query.ts';
import { CoarseScorer } from './coarse-scorer.ts';
import { offer } from './offer.ts';
import { partition, Shortlist } from './shortlist.ts';

/** Scores of a block: 4 MiB stay in cache between the product and the selection. */
const BLOCK_SCORES = 2 ** 20;

/** The rows that are searched. */
interface Searched {
  readonly allowed: Uint32Array | undefined;
  readonly safe: readonly HostSegment[];
  /** The greatest norm of a row of safe segments. */
  readonly largest: number;
}

/** Rows that may be among the best, and the score of a row. */
interface Close {
  readonly rows: Uint32Array;
  readonly scoreOf: (row: number) => number;
}

/** Finds which rows may be among the best by scores in 8 bits, a quarter of the memory to read and half the work. */
export class CoarseSearch implements AsyncDisposable {
  readonly #rows: HostRows;
  readonly #device: Device;
  readonly #threads: number;
  #scorer: Promise<CoarseScorer> | undefined;

  constructor(rows: HostRows, device: Device, threads: number) {
    this.#rows = rows;
    this.#device = device;
    this.#threads = threads;
  }

  /** How many rows are held of each query: those that bytes can't tell from the k best are among them, mostly. */
  static least(k: number): number {
    return 3 * k + 64;
  }

  /** For each query the rows of safe segments that may be among its `k` best; undefined where too many may be. */
  async close(
    queries: readonly { readonly query: HostQuery }[],
    { allowed, safe, largest }: Searched,
    k: number,
  ): Promise<(Close | undefined)[]> {
    const { dims } = this.#rows;
    const bytes = new Uint8Array(queries.length * dims);
    const packed = queries.map(({ query }, at) => coarseQuery(query, bytes.subarray(at * dims, (at + 1) * dims)));
    const list = new Shortlist(queries.length, CoarseSearch.least(k));
    const scorer = await this.#open();
    const blockRows = Math.max(PANEL, Math.floor(BLOCK_SCORES / queries.length / PANEL) * PANEL);
    for (const { first, rows, coarse } of safe) {
      const { panels, scales } = coarse!;
      for (let from = 0; from < rows; from += blockRows) {
        const taken = Math.min(blockRows, rows - from);
        const end = from + Math.ceil(taken / PANEL) * PANEL;
        const block = {
          dims,
          panels: panels.subarray(from * dims, end * dims),
          scales: scales.subarray(from, end),
        };
        offer({ rows: taken, first: first + from }, await scorer.score(bytes, block), queries.length, allowed, list);
      }
    }
    const residual = safe.reduce((most, { coarse }) => Math.max(most, coarse!.residual), 0);
    const row = { norm: largest, residual };
    return queries.map(({ query }, at) => {
      const { scores, rows } = list.entries(at);
      const exact = new Map<number, number>();
      const scoreOf = (row: number): number => exact.get(row) ?? this.#rows.score(query, row);
      const wanted = Math.min(k, scores.length);
      let floor = -Infinity;
      if (wanted > 0) {
        partition(scores, rows, wanted);
        for (const row of rows.subarray(0, wanted)) exact.set(row, scoreOf(row));
        const worst = exact.values().reduce((least, score) => Math.min(least, score), Infinity);
        // So many rows have this score or a better one. What is sure to be below it, both rounded, is not among the best.
        floor = (worst - Math.abs(worst) * 2 ** -22 - coarseBound(packed[at]!, dims, row)) / packed[at]!.step;
      }
      // Not every row was held below the list's own floor.
      if (list.floor(at) !== -Infinity && !(list.floor(at) < floor)) return undefined;
      return { rows: rows.filter((_, index) => scores[index]! >= floor), scoreOf };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [opened] = await Promise.allSettled([this.#scorer]);
    if (opened.status === 'fulfilled') await opened.value?.[Symbol.asyncDispose]();
  }

  /** What did not open is opened again by the next search. */
  #open(): Promise<CoarseScorer> {
    this.#scorer ??= CoarseScorer.open(this.#device, BIN, this.#threads).catch((error: unknown) => {
      this.#scorer = undefined;
      throw error;
    });
    return this.#scorer;
  }
}
