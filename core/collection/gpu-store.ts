import {
  KernelError,
  openLauncher,
  pairsOfRows,
  sizeLimit,
  topkOfRows,
  type Launcher,
  type Matrix,
} from '../../kernels/index.ts';
import type { Device } from '../device/contract.ts';
import { openGpu, type Gpu } from '../device/gpu.ts';
import { CoreError, type CoreErrorCode } from '../errors.ts';
import { mergeBest, type PartBest } from '../similarity/merge.ts';
import { allowedRows } from '../similarity/allowed.ts';
import { Selector } from '../similarity/select.ts';
import {
  type Best,
  type Explanation,
  NO_ROW,
  type SearchOptions,
  type StoreOptions,
  type VectorStore,
} from './contract.ts';
import { GpuSegments } from './gpu-segments.ts';
import { normalizedRows } from './normalize.ts';
import { checkStoreOptions } from './store-options.ts';
import type { Stores } from './stores.ts';

/** Growing copies at most one segment, so this much more memory than the vectors take is needed for a moment. */
const SEGMENT_BYTES = 256 * 2 ** 20;
/** Values of queries and of results that a search may have in GPU memory at once: 64 MiB. */
const MAX_VALUES = 16 * 2 ** 20;

export interface GpuStoresOptions {
  /** Bytes in one full segment; less where the device can bind less. Default: 256 MiB. */
  readonly segmentBytes?: number;
}

/**
 * Opens stores in the memory of a WebGPU device. Throws what `openGpu` throws; a thread that opens an emulated GPU must
 * have been started with `env: SHARE_ENV`.
 */
export async function openGpuStores(device: Device, options?: GpuStoresOptions): Promise<Stores> {
  return gpuStores(await openGpu(device), options);
}

/** Stores on a GPU that is open, which is theirs from now on: disposing frees the memory of all stores, and the GPU. */
export function gpuStores(gpu: Gpu, { segmentBytes = SEGMENT_BYTES }: GpuStoresOptions = {}): Stores {
  const launcher = openLauncher(gpu.gpuDevice);
  const bytes = Math.min(segmentBytes, sizeLimit(gpu.gpuDevice));
  return {
    async open(options) {
      checkStoreOptions(options);
      const { dims, type, metric } = options;
      if (type !== 'f32' || metric === 'euclidean') {
        throw new CoreError('OPTION_INVALID', `expected f32 with cosine or dot on a GPU, got ${type} with ${metric}`);
      }
      return new GpuStore(options, new GpuSegments(dims, bytes, launcher), launcher, () => gpu.check());
    },
    async dispose() {
      await launcher[Symbol.asyncDispose]();
      await gpu[Symbol.asyncDispose]();
    },
  };
}

/** Vectors in GPU memory, scored and selected there; of a search only the answers are read back. */
class GpuStore implements VectorStore {
  readonly #options: StoreOptions;
  readonly #segments: GpuSegments;
  readonly #launcher: Launcher;
  readonly #check: () => void;

  constructor(options: StoreOptions, segments: GpuSegments, launcher: Launcher, check: () => void) {
    this.#options = options;
    this.#segments = segments;
    this.#launcher = launcher;
    this.#check = check;
  }

  get dims(): number {
    return this.#segments.dims;
  }

  get size(): number {
    return this.#segments.size;
  }

  write(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    return this.#translated(() => this.#segments.write(rows, this.#normalized(vectors)));
  }

  keep(rows: Uint32Array): Promise<void> {
    return this.#translated(() => this.#segments.keep(rows));
  }

  score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#translated(() => this.#score(this.#normalized(queries), queryOf, rows));
  }

  topK(given: Float32Array, { k, allowed }: SearchOptions): Promise<Best> {
    return this.#translated(async () => {
      const queries = this.#normalized(given);
      const count = queries.length / this.dims;
      if (allowed !== undefined) return this.#bestAllowed(queries, allowedRows(allowed, this.size), k);
      const parts: PartBest[] = [];
      for (const { first, items } of this.#segments.filled()) {
        parts.push({ first, ...(await this.#bestOf(queries, items, Math.min(k, items.rows))) });
      }
      return mergeBest(parts, count, k);
    });
  }

  explain({ queries }: { readonly queries: number; readonly k: number }): Explanation {
    const { dims, size } = this;
    return {
      backend: 'wgsl: fused top-k',
      reason: 'The vectors lie in GPU memory.',
      steps: [
        'the best of each bin of 64 rows',
        'the k best bins',
        'all rows of those bins again',
        'the k best of them',
      ],
      bytes: 4 * size * dims,
      flops: 2 * queries * size * dims,
    };
  }

  dispose(): void {
    this.#segments.dispose();
  }

  #normalized(vectors: Float32Array): Float32Array {
    return this.#options.metric === 'cosine' ? normalizedRows(vectors, this.dims) : vectors;
  }

  /** Scores what is allowed pair by pair, one query at a time. */
  async #bestAllowed(queries: Float32Array, rows: Uint32Array, k: number): Promise<Best> {
    const { dims, size } = this;
    const [count, width] = [queries.length / dims, Math.min(k, size)];
    const best = {
      k: width,
      rows: new Uint32Array(count * width).fill(NO_ROW),
      scores: new Float32Array(count * width).fill(Number.NaN),
    };
    const selector = new Selector(width);
    const positions = new Uint32Array(width);
    for (let query = 0; query < count && rows.length > 0; query++) {
      const of = queries.subarray(query * dims, (query + 1) * dims);
      const scores = await this.#score(of, new Uint32Array(rows.length), rows);
      const at = query * width;
      const held = selector.select(scores, positions, best.scores.subarray(at, at + width));
      for (let rank = 0; rank < held; rank++) best.rows[at + rank] = rows[positions[rank]!]!;
    }
    return best;
  }

  async #score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Promise<Float32Array<ArrayBuffer>> {
    // Pairs in the order of their segments, since a dispatch sees one segment.
    const order = Uint32Array.from(rows.keys()).sort((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0) || a - b);
    const sortedRows = order.map((pair) => rows[pair] ?? 0);
    using queryLease = await this.#launcher.upload(queries);
    using queryOfLease = await this.#launcher.upload(order.map((pair) => queryOf[pair] ?? 0));
    using rowLease = await this.#launcher.upload(sortedRows);
    using scoreLease = await this.#launcher.scratch(rows.length * 4);
    const column = (buffer: GPUBuffer): Matrix => ({ buffer, rows: rows.length, columns: 1 });
    const steps = [];
    let firstPair = 0;
    for (const { first, items } of this.#segments.filled()) {
      const beyond = sortedRows.findIndex((row) => row >= first + items.rows);
      const endPair = beyond < 0 ? rows.length : beyond;
      const plan = await pairsOfRows.plan(this.#launcher, {
        queries: { buffer: queryLease.buffer, rows: queries.length / this.dims, columns: this.dims },
        items,
        firstRow: first,
        queryOf: column(queryOfLease.buffer),
        rows: column(rowLease.buffer),
        scores: column(scoreLease.buffer),
        firstPair,
        endPair,
      });
      steps.push(...plan.steps);
      firstPair = endPair;
    }
    const [bytes] = await this.#launcher.submit(steps, [
      { buffer: scoreLease.buffer, offset: 0, size: rows.length * 4 },
    ]);
    const sorted = new Float32Array(bytes ?? new ArrayBuffer(0));
    const scores = new Float32Array(rows.length);
    for (const [at, pair] of order.entries()) scores[pair] = sorted[at] ?? Number.NaN;
    return scores;
  }

  async #bestOf(queries: Float32Array, items: Matrix, k: number): Promise<Best> {
    const { dims } = this;
    const count = queries.length / dims;
    const best = { k, rows: new Uint32Array(count * k), scores: new Float32Array(count * k) };
    const step = Math.max(1, Math.floor(MAX_VALUES / Math.max(dims, k)));
    for (let first = 0; first < count; first += step) {
      const part = queries.subarray(first * dims, Math.min(count, first + step) * dims);
      const rows = part.length / dims;
      const size = rows * k * 4;
      using queryLease = await this.#launcher.upload(part);
      using rowLease = await this.#launcher.scratch(size);
      using scoreLease = await this.#launcher.scratch(size);
      using plan = await topkOfRows.plan(this.#launcher, {
        queries: { buffer: queryLease.buffer, rows, columns: dims },
        items,
        k,
        rows: { buffer: rowLease.buffer, rows, columns: k },
        scores: { buffer: scoreLease.buffer, rows, columns: k },
      });
      const [bestRows, bestScores] = await this.#launcher.submit(plan.steps, [
        { buffer: rowLease.buffer, offset: 0, size },
        { buffer: scoreLease.buffer, offset: 0, size },
      ]);
      best.rows.set(new Uint32Array(bestRows ?? new ArrayBuffer(0)), first * k);
      best.scores.set(new Float32Array(bestScores ?? new ArrayBuffer(0)), first * k);
    }
    return best;
  }

  /** Runs work on the GPU; its errors leave as this floor's. */
  async #translated<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#check();
    try {
      const result = await work();
      this.#check();
      return result;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      throw new CoreError(codeOf(error), error.message, { cause: error });
    }
  }
}

function codeOf({ code }: KernelError): CoreErrorCode {
  switch (code) {
    case 'INPUT_INVALID':
    case 'DEVICE_LOST':
    case 'OUT_OF_MEMORY':
    case 'DISPOSED':
      return code;
    case 'BUFFER_TOO_LARGE':
      return 'OUT_OF_MEMORY';
    case 'SHADER_INVALID':
    case 'DISPATCH_INVALID':
      return 'RUNTIME_FAILED';
  }
}
