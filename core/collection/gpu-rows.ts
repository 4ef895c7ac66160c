import {
  type ElementType,
  type Launcher,
  type Matrix,
  type Metric,
  move,
  pack,
  type Panels,
  panelsBytes,
  pairs,
  type Step,
} from '../../kernels/index.ts';
import { CoreError } from '../errors.ts';
import { GpuSegments, type Segment } from './gpu-segments.ts';

/** Bytes of vectors that are on their way to the device at once. */
const UPLOAD_BYTES = 64 * 2 ** 20;
/** A row that no panels have: what is to become it is left out. */
const NOWHERE = 0xffffffff;
/** Rows in a list whose next may begin on a multiple of 256 bytes. */
const ALIGNED = 64;

export interface GpuRowsOptions {
  readonly type: ElementType;
  readonly metric: Metric;
  readonly dims: number;
  readonly segmentBytes: number;
}

/** Queries on their way to panels in scratch memory. Disposing gives it back; what was submitted still finishes. */
export interface PackedQueries extends Disposable {
  readonly queries: Panels;
  /** What packs them, to go before what reads them. */
  readonly steps: readonly Step[];
}

/** Vectors of one type in GPU memory. */
export class GpuRows {
  readonly type: ElementType;
  readonly metric: Metric;
  readonly dims: number;
  readonly #options: GpuRowsOptions;
  readonly #launcher: Launcher;
  readonly #segments: GpuSegments;
  #size = 0;

  constructor(options: GpuRowsOptions, launcher: Launcher) {
    this.type = options.type;
    this.metric = options.metric;
    this.dims = options.dims;
    this.#options = options;
    this.#launcher = launcher;
    this.#segments = new GpuSegments(options, launcher);
  }

  get size(): number {
    return this.#size;
  }

  /** All rows, in order. */
  get items(): readonly Panels[] {
    return this.#segments.filled(this.#size).map(({ items }) => items);
  }

  /** Bytes that a search reads. */
  get bytes(): number {
    const { type, dims } = this;
    const scales = type === 'i8' ? 4 * this.#size : 0;
    return (panelsBytes(type, dims, 64) / 64) * this.#size + scales;
  }

  async write(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    const { dims } = this;
    const size = rows.reduce((most, row) => Math.max(most, row + 1), this.#size);
    await this.#segments.reserve(size);
    const step = Math.max(1, Math.floor(UPLOAD_BYTES / (4 * dims)));
    for (let at = 0; at < rows.length; at += step) {
      await this.#pack(rows.subarray(at, at + step), vectors.subarray(at * dims, (at + step) * dims));
    }
    this.#size = size;
  }

  /** Copies of the rows in new memory, which `take` has take the place of the old; the old is freed then. */
  async kept(rows: Uint32Array): Promise<{ take(): void; dispose(): void }> {
    const kept = new GpuSegments(this.#options, this.#launcher);
    try {
      await kept.reserve(rows.length);
      for (const target of kept.all) {
        await this.#moveTo(kept, target, rows.subarray(target.first, target.first + target.capacity));
      }
    } catch (error) {
      kept.dispose();
      throw error;
    }
    return {
      take: () => {
        this.#segments.take(kept);
        this.#size = rows.length;
      },
      dispose: () => kept.dispose(),
    };
  }

  /** The score of query `queryOf[i]` with row `rows[i]`. */
  async score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Promise<Float32Array<ArrayBuffer>> {
    if (rows.length === 0) return new Float32Array(0);
    const { order, ends } = this.#bySegment(rows);
    const sorted = order.map((pair) => rows[pair] ?? 0);
    using packed = await this.packQueries(queries);
    using queryOfLease = await this.#launcher.upload(order.map((pair) => queryOf[pair] ?? 0));
    using rowLease = await this.#launcher.upload(sorted);
    using scoreLease = await this.#launcher.scratch(4 * rows.length);
    const column = (buffer: GPUBuffer): Matrix => ({ buffer, rows: rows.length, columns: 1 });
    const steps = [...packed.steps];
    for (const [index, { first, items }] of this.#segments.filled(this.#size).entries()) {
      const plan = await pairs.plan(this.#launcher, {
        queries: packed.queries,
        items,
        metric: this.metric,
        firstRow: first,
        queryOf: column(queryOfLease.buffer),
        rows: column(rowLease.buffer),
        scores: column(scoreLease.buffer),
        firstPair: ends[index - 1] ?? 0,
        endPair: ends[index] ?? 0,
      });
      steps.push(...plan.steps);
    }
    const [bytes] = await this.#launcher.submit(steps, [
      { buffer: scoreLease.buffer, offset: 0, size: 4 * rows.length },
    ]);
    const found = new Float32Array(bytes ?? new ArrayBuffer(0));
    const scores = new Float32Array(rows.length);
    for (const [at, pair] of order.entries()) scores[pair] = found[at] ?? Number.NaN;
    return scores;
  }

  /** Pairs in the order of their segments, since a dispatch sees one segment, and where each segment's end. */
  #bySegment(rows: Uint32Array): { readonly order: Uint32Array; readonly ends: readonly number[] } {
    const order = new Uint32Array(rows.length);
    let at = 0;
    const ends = this.#segments.filled(this.#size).map(({ first, items }) => {
      const end = first + items.rows;
      for (let pair = 0; pair < rows.length; pair++) if (rows[pair]! >= first && rows[pair]! < end) order[at++] = pair;
      return at;
    });
    if (at === rows.length) return { order, ends };
    const beyond = rows.find((row) => row >= this.#size);
    throw new CoreError('INPUT_INVALID', `expected rows below ${this.#size}, got ${beyond}`);
  }

  /** Row-major float32 queries as this type's panels, on the device. */
  async packQueries(vectors: Float32Array): Promise<PackedQueries> {
    const { type, dims } = this;
    const rows = vectors.length / dims;
    using leases = new DisposableStack();
    const upload = leases.use(await this.#launcher.upload(vectors));
    const panels = leases.use(await this.#launcher.scratch(panelsBytes(type, dims, rows)));
    const scales = type === 'i8' ? leases.use(await this.#launcher.scratch(4 * rows)) : undefined;
    const queries: Panels = {
      buffer: panels.buffer,
      type,
      rows,
      dims,
      ...(scales && { scales: { buffer: scales.buffer, rows, columns: 1 } }),
    };
    const { steps } = await pack.plan(this.#launcher, {
      vectors: { buffer: upload.buffer, rows, columns: dims },
      panels: queries,
      normalize: this.#normalizes,
    });
    const held = leases.move();
    return { queries, steps, [Symbol.dispose]: () => held.dispose() };
  }

  dispose(): void {
    this.#segments.dispose();
    this.#size = 0;
  }

  get #normalizes(): boolean {
    return this.metric === 'cosine';
  }

  async #pack(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    const { dims } = this;
    using vectorLease = await this.#launcher.upload(vectors);
    using lists = new DisposableStack();
    const steps = [];
    for (const [segment, list] of this.#lists(rows)) {
      const { buffer } = lists.use(await this.#launcher.upload(list));
      const plan = await pack.plan(this.#launcher, {
        vectors: { buffer: vectorLease.buffer, rows: rows.length, columns: dims },
        panels: this.#segments.panels(segment),
        rows: { buffer, rows: rows.length, columns: 1 },
        normalize: this.#normalizes,
      });
      steps.push(...plan.steps);
    }
    await this.#launcher.submit(steps);
  }

  /** For each segment that is written to, the row in it that each vector becomes. Of one row's vectors the last counts. */
  #lists(rows: Uint32Array): Map<Segment, Uint32Array<ArrayBuffer>> {
    const lists = new Map<Segment, Uint32Array<ArrayBuffer>>();
    const written = new Set<number>();
    for (let at = rows.length - 1; at >= 0; at--) {
      const row = rows[at]!;
      if (written.has(row)) continue;
      written.add(row);
      const segment = this.#segments.of(row);
      const list = lists.get(segment) ?? new Uint32Array(rows.length).fill(NOWHERE);
      lists.set(segment, list);
      list[at] = row - segment.first;
    }
    return lists;
  }

  /** Moves the rows to the beginning of a segment. */
  async #moveTo(kept: GpuSegments, target: Segment, rows: Uint32Array): Promise<void> {
    const runs = this.#runs(rows);
    const places = runs.map(({ list }) => Math.ceil(list.length / ALIGNED) * ALIGNED);
    const lists = new Uint32Array(places.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [index, { list }] of runs.entries()) {
      lists.set(list, at);
      at += places[index]!;
    }
    using lease = await this.#launcher.upload(lists);
    const steps = [];
    let [offset, toRow] = [0, 0];
    for (const [index, { segment, list }] of runs.entries()) {
      const plan = await move.plan(this.#launcher, {
        from: this.#segments.panels(segment),
        rows: { buffer: lease.buffer, offset: 4 * offset, rows: list.length, columns: 1 },
        to: kept.panels(target),
        toRow,
        count: list.length,
      });
      steps.push(...plan.steps);
      offset += places[index]!;
      toRow += list.length;
    }
    await this.#launcher.submit(steps);
  }

  /** Stretches of ascending rows that are of one segment, by their numbers in it. */
  #runs(rows: Uint32Array): { readonly segment: Segment; readonly list: Uint32Array }[] {
    const runs = [];
    for (let at = 0; at < rows.length;) {
      const segment = this.#segments.of(rows[at]!);
      const beyond = rows.findIndex((row, index) => index >= at && row >= segment.first + segment.capacity);
      const end = beyond < 0 ? rows.length : beyond;
      runs.push({ segment, list: rows.subarray(at, end).map((row) => row - segment.first) });
      at = end;
    }
    return runs;
  }
}
