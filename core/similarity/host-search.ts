import type { Best, Explanation, SearchOptions } from '../collection/contract.ts';
import { BIN, type HostQuery, type HostRows, type HostSegment } from '../collection/host-rows.ts';
import type { Device } from '../device/contract.ts';
import { allowedRows, countAllowed, isAllowed } from './allowed.ts';
import { BlockScorer } from './block-scorer.ts';
import { blocksOf, gathered } from './blocks.ts';
import { boundOf, isSafe } from './bound.ts';
import { CoarseSearch } from './coarse-search.ts';
import { Final } from './final.ts';
import { offer } from './offer.ts';
import { Above, partition, Shortlist, type Sink } from './shortlist.ts';

/** Scores of a block: 4 MiB stay in cache between the product and the selection. */
const BLOCK_SCORES = 2 ** 20;
/** Components of a block that are converted to float32, for the same reason. */
const BLOCK_COMPONENTS = 2 ** 20;
/** On an accelerator a block is as large as is worth a way over the bus: 64 MiB of scores. */
const ACCELERATED_SCORES = 2 ** 24;
/** Fewer queries wait longer for the rows to cross the bus than for the cores to read them. */
const MANY = 32;
const CPU: Device = { kind: 'cpu', index: 0, name: 'the CPU', software: false, features: [] };
const MAX_QUERIES = 1024;
/** Entries of all shortlists of a group: 16 MiB. */
const MAX_LISTED = 2 ** 21;
/** Queries at once whose lists have no other bound than the number of rows. */
const UNBOUNDED_QUERIES = 16;
/** So many multiplications in JavaScript take less time than to open a session or to send a block. */
const DIRECT = 2 ** 17;
/** Below this share of allowed rows it is cheaper to copy them together than to score the others. */
const SPARSE = 1 / 8;
/** Where as many rows for each of the k are held, most are not looked at in full. */
const COARSE_SHARE = 16;

export interface HostSearchOptions {
  /** Cores that may be used. */
  readonly threads: number;
  /** Up to so many products of components are made in float64 alone. Default: 131,072. */
  readonly direct?: number | undefined;
  /** A device of ONNX Runtime that multiplies where there are many queries. Default: none, the CPU does. */
  readonly accelerator?: Device | undefined;
  /** How many queries are many. Default: 32. */
  readonly acceleratedFrom?: number | undefined;
}

/**
 * Exact search in host memory, in two stages. ONNX Runtime scores blocks of rows in float32, and of each bin of 16 only
 * the greatest score is looked at, unless it passes the worst of the shortlist. What may be among the k best, by the
 * bound of those scores, is then scored in float64. So neither the number of queries nor the order of a sum shows.
 *
 * Scores that could overflow or be NaN have no bound: those rows, or those queries, are scored in float64 alone.
 */
export class HostSearch implements AsyncDisposable {
  readonly #rows: HostRows;
  readonly #threads: number;
  readonly #limit: number;
  readonly #accelerator: Device | undefined;
  readonly #many: number;
  readonly #scorers = new Map<Device, Promise<BlockScorer>>();
  #coarse: CoarseSearch | undefined;

  constructor(rows: HostRows, { threads, direct = DIRECT, accelerator, acceleratedFrom = MANY }: HostSearchOptions) {
    this.#many = acceleratedFrom;
    this.#accelerator = accelerator;
    this.#rows = rows;
    this.#threads = threads;
    this.#limit = direct;
  }

  /** Blocks its thread. */
  async topK(vectors: Float32Array, { k, allowed }: SearchOptions): Promise<Best> {
    const { dims, size } = this.#rows;
    const count = vectors.length / dims;
    const width = Math.min(k, size);
    const final = new Final(count, width);
    const eligible = allowed === undefined ? size : countAllowed(allowed, size);
    if (eligible === 0 || count === 0) return final.best;
    const listed = allowed !== undefined && eligible < size * SPARSE ? allowedRows(allowed, size) : undefined;
    const scope: Scope = { allowed, listed, eligible, ...this.#segments() };
    const least = width + Math.max(32, width >> 3);
    const coarse = listed === undefined && this.#isCoarse(width);
    const held = coarse ? CoarseSearch.least(width) : least;
    const step = Math.max(1, Math.min(MAX_QUERIES, Math.floor(MAX_LISTED / held)));
    for (let from = 0; from < count; from += step) {
      const queries = Array.from({ length: Math.min(step, count - from) }, (_, at): Asked => {
        const place = from + at;
        return { place, query: this.#rows.query(vectors.subarray(place * dims, (place + 1) * dims)) };
      });
      const few = queries.length * eligible * this.#rows.width <= this.#limit;
      const [fast, slow] = few || this.#rows.type === 'b1' ? [[], queries] : this.#parted(queries, scope);
      for (const asked of slow) this.#direct(asked, scope, final);
      const left = coarse && this.#deviceFor(fast.length) === CPU ? await this.#coarsely(fast, scope, final) : fast;
      const again = await this.#shortlisted(left, scope, least, final);
      for (let at = 0; at < again.length; at += UNBOUNDED_QUERIES) {
        await this.#above(again.slice(at, at + UNBOUNDED_QUERIES), scope, final);
      }
    }
    return final.best;
  }

  explain({ queries, k }: { readonly queries: number; readonly k: number }): Explanation {
    const { type, metric, size, rowBytes, width } = this.#rows;
    const work = { bytes: size * rowBytes, flops: 2 * queries * size * width };
    if (type === 'b1') {
      const reason = 'Bits lie in host memory, and their scores are exact as they are counted.';
      return { backend: 'javascript: bits', reason, steps: [`${metric} of every row`, 'select'], ...work };
    }
    if (queries * size * width <= this.#limit) {
      const reason = 'So few vectors are scored before a product has begun.';
      return { backend: 'javascript: float64', reason, steps: [`${metric} of every row`, 'select'], ...work };
    }
    const { kind } = this.#deviceFor(Math.min(queries, MAX_QUERIES));
    if (kind === 'cpu' && this.#isCoarse(k)) {
      const reason = 'Rows in 8 bits tell which few may be among the best, and take a quarter of the memory to read.';
      const backend = 'onnxruntime: MatMulIntegerToFloat and ReduceMax (cpu)';
      const steps = [
        `${metric} of blocks of rows, in 8 bits`,
        `the greatest of each ${BIN} neighbours`,
        'a shortlist by the bound of those scores',
        'the shortlist again, in float64',
      ];
      return { backend, reason, steps, ...work, bytes: size * width };
    }
    const steps = [
      `${metric} of blocks of rows, in float32`,
      `the greatest of each ${BIN} neighbours`,
      'a shortlist by the bound of those scores',
      'the shortlist again, in float64',
    ];
    const backend = `onnxruntime: Gemm and ReduceMax (${kind})`;
    if (kind !== 'cpu') {
      const reason = `From ${this.#many} queries on a product is worth the way of the rows over the bus.`;
      return { backend, reason, steps, ...work };
    }
    const reason = 'The vectors lie in host memory; the product takes all cores that the engine may use.';
    return { backend, reason, steps, ...work };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#coarse?.[Symbol.asyncDispose]();
    const opened = await Promise.allSettled(this.#scorers.values());
    for (const each of opened) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }

  /** Segments of which every norm is known, with the greatest; and the others. */
  #segments(): Pick<Scope, 'safe' | 'unsafe' | 'largest'> {
    const [safe, unsafe]: [HostSegment[], HostSegment[]] = [[], []];
    let largest = 0;
    if (this.#rows.type !== 'b1') {
      for (const segment of this.#rows.filled()) {
        const { greatest } = segment;
        const known = isSafe(greatest, greatest, this.#rows.dims);
        (known ? safe : unsafe).push(segment);
        if (known) largest = Math.max(largest, greatest);
      }
    }
    return { safe, unsafe, largest };
  }

  #parted(queries: readonly Asked[], { largest }: Scope): [Asked[], Asked[]] {
    const isFast = ({ query }: Asked): boolean => isSafe(query.norm, largest, this.#rows.dims);
    return [queries.filter(isFast), queries.filter((asked) => !isFast(asked))];
  }

  /** Scores every row that may be answered as it is scored in the end. */
  #direct({ place, query }: Asked, scope: Scope, final: Final): void {
    if (this.#rows.type === 'b1' && scope.listed === undefined) {
      const scores = this.#rows.scoreAllBits(query);
      if (scope.allowed === undefined) final.selectScored(place, scores);
      else final.select(place, this.#all(scope), (row) => scores[row]!);
    } else {
      final.select(place, this.#all(scope), (row) => this.#rows.score(query, row));
    }
  }

  /** Answers those queries of which rows in 8 bits tell well enough which may be among the best. */
  async #coarsely(queries: readonly Asked[], scope: Scope, final: Final): Promise<readonly Asked[]> {
    if (queries.length === 0) return queries;
    this.#coarse ??= new CoarseSearch(this.#rows, CPU, this.#threads);
    const close = await this.#coarse.close(queries, scope, final.best.k);
    for (const [at, found] of close.entries()) {
      if (found !== undefined) final.select(queries[at]!.place, this.#with(scope, found.rows), found.scoreOf);
    }
    return queries.filter((_, at) => close[at] === undefined);
  }

  /** Answers those queries of which more rows than the shortlist holds may be among the best. */
  async #shortlisted(queries: readonly Asked[], scope: Scope, least: number, final: Final): Promise<Open[]> {
    const open: Open[] = [];
    if (queries.length === 0) return open;
    const list = new Shortlist(queries.length, least);
    await this.#scan(queries, scope, list);
    const { kind } = this.#deviceFor(queries.length);
    for (const [at, { place, query }] of queries.entries()) {
      const { scores, rows } = list.entries(at);
      const wanted = Math.min(final.best.k, scores.length);
      const worst = wanted === 0 ? -Infinity : partition(scores, rows, wanted);
      const floor = worst - 2 * boundOf(this.#rows, query.norm, scope.largest, kind);
      if (list.floor(at) >= floor && list.floor(at) !== -Infinity) {
        open.push({ place, query, floor });
        continue;
      }
      const close = rows.filter((_, index) => scores[index]! >= floor);
      final.select(place, this.#with(scope, close), (row) => this.#rows.score(query, row));
    }
    return open;
  }

  async #above(queries: readonly Open[], scope: Scope, final: Final): Promise<void> {
    const above = new Above(queries.map(({ floor }) => floor));
    await this.#scan(queries, scope, above);
    for (const [at, { place, query }] of queries.entries()) {
      const close = Uint32Array.from(above.rows(at));
      final.select(place, this.#with(scope, close), (row) => this.#rows.score(query, row));
    }
  }

  /** Offers the scores of all allowed rows of safe segments. */
  async #scan(queries: readonly Asked[], { allowed, listed, safe }: Scope, sink: Sink): Promise<void> {
    const { dims, width, type } = this.#rows;
    const device = this.#deviceFor(queries.length);
    const scorer = await this.#open(device);
    const data = new Float32Array(queries.length * dims);
    for (const [at, { query }] of queries.entries()) {
      data.set(
        query.components.map((value) => value * query.scale),
        at * dims,
      );
    }
    const accelerated = device !== CPU;
    const most = Math.min(
      (accelerated ? ACCELERATED_SCORES : BLOCK_SCORES) / queries.length,
      accelerated || type === 'f32' ? Infinity : BLOCK_COMPONENTS / dims,
    );
    const blockRows = Math.max(BIN, Math.floor(most / BIN) * BIN);
    const options = { bin: BIN, blockRows };
    const blocks =
      listed === undefined ? blocksOf(safe, width, options) : gathered(this.#rows, within(listed, safe), options);
    for (const block of blocks) offer(block, await scorer.score(data, dims, block), queries.length, allowed, sink);
  }

  #isCoarse(k: number): boolean {
    return this.#rows.hasCoarse && k * COARSE_SHARE <= this.#rows.size;
  }

  #deviceFor(queries: number): Device {
    return (queries >= this.#many && this.#accelerator) || CPU;
  }

  #open(device: Device): Promise<BlockScorer> {
    const { type, metric } = this.#rows;
    if (type === 'b1') throw new TypeError('Bits are counted, not multiplied.');
    const known = this.#scorers.get(device);
    if (known !== undefined) return known;
    const opened = BlockScorer.open({ type, metric, bin: BIN, device, threads: this.#threads });
    this.#scorers.set(device, opened);
    // A failure is not kept: a device that was out of memory may have some later.
    opened.catch(() => this.#scorers.delete(device));
    return opened;
  }

  /** All rows that may be answered, ascending. */
  #all({ allowed, listed }: Scope): Uint32Array {
    if (listed !== undefined) return listed;
    const { size } = this.#rows;
    return allowed === undefined ? Uint32Array.from({ length: size }, (_, row) => row) : allowedRows(allowed, size);
  }

  /** These rows and those of unsafe segments, ascending. */
  #with({ allowed, unsafe }: Scope, rows: Uint32Array): Uint32Array {
    if (unsafe.length === 0) return Uint32Array.from(rows).sort();
    const whole = unsafe.flatMap(({ first, rows: held }) =>
      Array.from({ length: held }, (_, at) => first + at).filter(
        (row) => allowed === undefined || isAllowed(allowed, row),
      ),
    );
    return Uint32Array.from([...rows, ...whole]).sort();
  }
}

interface Asked {
  /** Among all queries of the search. */
  readonly place: number;
  readonly query: HostQuery;
}

interface Open extends Asked {
  /** No row with a score below it can be among the best. */
  readonly floor: number;
}

interface Scope {
  readonly allowed: Uint32Array | undefined;
  /** All allowed rows, where they are few. */
  readonly listed: Uint32Array<ArrayBuffer> | undefined;
  readonly eligible: number;
  readonly safe: readonly HostSegment[];
  readonly unsafe: readonly HostSegment[];
  /** The greatest norm of a row of safe segments. */
  readonly largest: number;
}

function within(listed: Uint32Array<ArrayBuffer>, segments: readonly HostSegment[]): Uint32Array<ArrayBuffer> {
  return listed.filter((row) => segments.some(({ first, rows }) => row >= first && row < first + rows));
}
