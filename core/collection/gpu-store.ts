import { type Launcher, matricesFor, topk } from '../../kernels/index.ts';
import { allowedRows, countAllowed } from '../similarity/allowed.ts';
import { Final } from '../similarity/final.ts';
import {
  type Best,
  type Explanation,
  NO_ROW,
  type SearchOptions,
  type StoreOptions,
  type VectorStore,
} from './contract.ts';
import { coreErrorOf } from './gpu-errors.ts';
import { GpuRows } from './gpu-rows.ts';
import type { SearchTuning } from './search-tuning.ts';
import { candidatesOf, firstMetric } from './store-options.ts';

/** Values of queries and of results that a search may have in GPU memory at once: 64 MiB. */
const MAX_VALUES = 16 * 2 ** 20;
/** Where fewer than one row in so many is allowed, and pairs are few, they are scored one by one. */
const SPARSE = 16;
/** Pairs that are scored at once. */
const MAX_PAIRS = 2 ** 20;

export interface GpuStoreParts {
  readonly launcher: Launcher;
  /** Throws why the GPU can't be trusted any more. */
  readonly check: () => void;
  readonly segmentBytes: number;
  /** Which tiles searches take. Default: the usual ones. */
  readonly tuning?: SearchTuning;
}

/** Vectors in GPU memory, scored and selected there; of a search only the answers are read back. */
export class GpuStore implements VectorStore {
  readonly #rows: GpuRows;
  /** The same rows in float32, where the store rescores. */
  readonly #full: GpuRows | undefined;
  readonly #launcher: Launcher;
  readonly #check: () => void;
  readonly #tuning: SearchTuning | undefined;

  constructor(options: StoreOptions, { launcher, check, segmentBytes, tuning }: GpuStoreParts) {
    this.#launcher = launcher;
    this.#tuning = tuning;
    this.#check = check;
    this.#rows = new GpuRows({ ...options, metric: firstMetric(options), segmentBytes }, launcher);
    if (options.rescore && options.type !== 'f32') {
      this.#full = new GpuRows({ ...options, type: 'f32', segmentBytes }, launcher);
    }
  }

  get dims(): number {
    return this.#rows.dims;
  }

  get size(): number {
    return this.#rows.size;
  }

  write(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    return this.#translated(async () => {
      // Should there be no memory for one of them, no candidate is found that can't be scored again.
      await this.#full?.write(rows, vectors);
      await this.#rows.write(rows, vectors);
    });
  }

  keep(rows: Uint32Array): Promise<void> {
    return this.#translated(async () => {
      const kept = await this.#rows.kept(rows);
      try {
        // Both or none.
        (await this.#full?.kept(rows))?.take();
      } catch (error) {
        kept.dispose();
        throw error;
      }
      kept.take();
    });
  }

  score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#translated(() => this.#scored.score(queries, queryOf, rows));
  }

  topK(queries: Float32Array, options: SearchOptions): Promise<Best> {
    return this.#translated(async () => {
      const { k, allowed } = options;
      const width = Math.min(k, this.size);
      const few = allowed && this.#few(allowed, queries.length / this.dims);
      if (few !== undefined) return this.#bestOf(queries, () => few, width);
      if (this.#full === undefined) return this.#found(queries, options);
      return this.#rescored(queries, { ...options, k: width, candidates: candidatesOf(options) });
    });
  }

  explain({ queries, k }: { readonly queries: number; readonly k: number }): Explanation {
    const { dims, size } = this;
    const { type, metric, bytes } = this.#rows;
    return {
      backend: 'wgsl: fused top-k',
      reason: 'The vectors lie in GPU memory, and only the answers are read back.',
      steps: [
        `the greatest score by ${metric} of each bin of 64 of ${size} vectors of ${dims} ${type}${this.#byMatrices(queries) ? ', by tensor cores' : ''}`,
        'the bins with the greatest, which hold the best',
        'all scores of those bins again, and the best of them in order',
        ...(this.#full
          ? [
              `of ${Math.min(candidatesOf({ k }), size)} candidates the scores of float32 by ${this.#full.metric}, in order`,
            ]
          : []),
      ],
      bytes,
      flops: 2 * queries * size * dims,
    };
  }

  dispose(): void {
    this.#rows.dispose();
    this.#full?.dispose();
  }

  /** The rows whose scores are answered. */
  get #scored(): GpuRows {
    return this.#full ?? this.#rows;
  }

  /** Whether tensor cores choose among the bins. Vectors are packed with norm 1 where the metric is cosine. */
  #byMatrices(queries: number): boolean {
    const { type, metric } = this.#rows;
    return matricesFor(this.#launcher.device, { type, metric, normalized: metric === 'cosine' }, queries) !== undefined;
  }

  /** The rows that are allowed, where they are so few that a search of all would take longer. */
  #few(allowed: Uint32Array, queries: number): Uint32Array | undefined {
    const count = countAllowed(allowed, this.size);
    return count * SPARSE <= this.size && count * queries <= MAX_PAIRS ? allowedRows(allowed, this.size) : undefined;
  }

  /** The best by the type and metric of the first stage. */
  async #found(queries: Float32Array, { k, allowed, recallTarget }: SearchOptions): Promise<Best> {
    const { dims, size } = this;
    const [count, width] = [queries.length / dims, Math.min(k, size)];
    const best = { k: width, rows: new Uint32Array(count * width), scores: new Float32Array(count * width) };
    if (best.rows.length === 0) return best;
    using allowedLease = allowed && (await this.#launcher.upload(wordsOf(allowed, size)));
    const bits = allowedLease && { buffer: allowedLease.buffer, rows: Math.ceil(size / 32), columns: 1 };
    const step = Math.max(1, Math.floor(MAX_VALUES / Math.max(dims, width)));
    for (let first = 0; first < count; first += step) {
      const rows = Math.min(step, count - first);
      const bytes = 4 * rows * width;
      using packed = await this.#rows.packQueries(queries.subarray(first * dims, (first + rows) * dims));
      using rowLease = await this.#launcher.scratch(bytes);
      using scoreLease = await this.#launcher.scratch(bytes);
      const { type, metric } = this.#rows;
      // Where tensor cores choose there are no tiles to tune.
      const shape = this.#byMatrices(rows)
        ? undefined
        : this.#tuning?.shape({ type, metric, dims, queries: rows, rows: size });
      using plan = await topk.plan(this.#launcher, {
        queries: packed.queries,
        metric,
        normalized: metric === 'cosine',
        items: this.#rows.items,
        k: width,
        rows: { buffer: rowLease.buffer, rows, columns: width },
        scores: { buffer: scoreLease.buffer, rows, columns: width },
        ...(bits && { allowed: bits }),
        ...(recallTarget !== undefined && { recallTarget }),
        ...(shape && { shape }),
      });
      const [bestRows, bestScores] = await this.#launcher.submit(
        [...packed.steps, ...plan.steps],
        [
          { buffer: rowLease.buffer, offset: 0, size: bytes },
          { buffer: scoreLease.buffer, offset: 0, size: bytes },
        ],
      );
      best.rows.set(new Uint32Array(bestRows ?? new ArrayBuffer(0)), first * width);
      best.scores.set(new Float32Array(bestScores ?? new ArrayBuffer(0)), first * width);
    }
    return best;
  }

  /** Of so many candidates the k best by their scores in float32; as many queries at a time as make few pairs. */
  async #rescored(
    queries: Float32Array,
    { k, candidates, ...options }: SearchOptions & { readonly candidates: number },
  ): Promise<Best> {
    const { dims } = this;
    const count = queries.length / dims;
    const best = { k, rows: new Uint32Array(count * k), scores: new Float32Array(count * k) };
    const step = Math.max(1, Math.floor(MAX_PAIRS / candidates));
    for (let first = 0; first < count; first += step) {
      const part = queries.subarray(first * dims, (first + step) * dims);
      const found = await this.#found(part, { ...options, k: candidates });
      const rowsOf = (query: number): Uint32Array =>
        found.rows.subarray(query * found.k, (query + 1) * found.k).filter((row) => row !== NO_ROW);
      const { rows, scores } = await this.#bestOf(part, (query) => rowsOf(query).sort(), k);
      best.rows.set(rows, first * k);
      best.scores.set(scores, first * k);
    }
    return best;
  }

  /** The k best of the rows of each query, which ascend, by their scores one by one. */
  async #bestOf(queries: Float32Array, rowsOf: (query: number) => Uint32Array, k: number): Promise<Best> {
    const count = queries.length / this.dims;
    const final = new Final(count, k);
    const lists = Array.from({ length: count }, (_, query) => rowsOf(query));
    const rows = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
    const queryOf = new Uint32Array(rows.length);
    let at = 0;
    for (const [query, list] of lists.entries()) {
      rows.set(list, at);
      queryOf.fill(query, at, (at += list.length));
    }
    const scores = (await this.#scored.score(queries, queryOf, rows)).values();
    // Asked once for each row, in their order.
    for (const [query, list] of lists.entries()) final.select(query, list, () => scores.next().value ?? Number.NaN);
    return final.best;
  }

  /** Runs work on the GPU; its errors leave as this floor's. */
  async #translated<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      this.#check();
      const result = await work();
      this.#check();
      return result;
    } catch (error) {
      throw coreErrorOf(error);
    }
  }
}

/** The words of `size` rows; where there are fewer, the rest may not be answered. */
function wordsOf(allowed: Uint32Array, size: number): Uint32Array {
  const count = Math.ceil(size / 32);
  if (allowed.length >= count) return allowed.subarray(0, count);
  const words = new Uint32Array(count);
  words.set(allowed);
  return words;
}
