import { KernelError, dot, openLauncher, pairs, sizeLimit, type Launcher, type Matrix } from '../../kernels/index.ts';
import type { Device } from '../device/contract.ts';
import { openGpu } from '../device/gpu.ts';
import { CoreError, type CoreErrorCode } from '../errors.ts';
import { mergeBest, type PartBest } from '../similarity/merge.ts';
import { Selector } from '../similarity/select.ts';
import type { Best, VectorStore } from './contract.ts';
import type { Stores } from './stores.ts';

/** Growing copies at most one segment, so this much more memory than the vectors take is needed for a moment. */
const SEGMENT_BYTES = 256 * 2 ** 20;
const FIRST_ROWS = 256;
/** Scores that may be in GPU memory at once: 64 MiB of float32. */
const MAX_SCORES = 16 * 2 ** 20;

export interface GpuStoresOptions {
  /** Bytes in one full segment, at most what the device can bind. Default: 256 MiB. */
  readonly segmentBytes?: number;
}

/**
 * Opens stores in the memory of a WebGPU device. Throws what `openGpu` throws; a thread that opens an emulated GPU must
 * have been started with `env: SHARE_ENV`.
 */
export async function openGpuStores(device: Device, options: GpuStoresOptions = {}): Promise<Stores> {
  const gpu = await openGpu(device);
  const launcher = openLauncher(gpu.gpuDevice);
  const bytes = Math.min(options.segmentBytes ?? SEGMENT_BYTES, sizeLimit(gpu.gpuDevice));
  return {
    open: async (dims) => new GpuStore(dims, bytes, launcher, () => gpu.check()),
    async dispose() {
      await launcher[Symbol.asyncDispose]();
      await gpu[Symbol.asyncDispose]();
    },
  };
}

/** Vectors in GPU memory, in segments that one binding can hold; row `r` lies in segment `r / rowsPerSegment`. */
class GpuStore implements VectorStore {
  readonly dims: number;
  readonly #rowsPerSegment: number;
  readonly #launcher: Launcher;
  readonly #check: () => void;
  #segments: GPUBuffer[] = [];
  #size = 0;

  constructor(dims: number, segmentBytes: number, launcher: Launcher, check: () => void) {
    this.dims = dims;
    this.#rowsPerSegment = Math.max(1, Math.floor(segmentBytes / this.#bytes(1)));
    this.#launcher = launcher;
    this.#check = check;
  }

  get size(): number {
    return this.#size;
  }

  write(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    return this.#translated(async () => {
      const size = rows.reduce((most, row) => Math.max(most, row + 1), this.#size);
      await this.#reserve(size);
      for (const { at, row, count } of this.#runs(rows)) {
        const data = vectors.subarray(at * this.dims, (at + count) * this.dims) as Float32Array<ArrayBuffer>;
        this.#launcher.device.queue.writeBuffer(this.#segment(row), this.#offset(row), data);
      }
      this.#size = size;
      await this.#launcher.submit([]);
    });
  }

  keep(rows: Uint32Array): Promise<void> {
    return this.#translated(async () => {
      const kept: GPUBuffer[] = [];
      try {
        for (let first = 0; first < rows.length; first += this.#rowsPerSegment) {
          kept.push(await this.#launcher.allocate(this.#bytes(Math.min(this.#rowsPerSegment, rows.length - first))));
        }
        for (const [index, target] of kept.entries()) {
          const first = index * this.#rowsPerSegment;
          const encoder = this.#launcher.device.createCommandEncoder();
          for (const { at, row, count } of this.#runs(rows.subarray(first, first + this.#rowsPerSegment))) {
            const [from, offset, bytes] = [this.#segment(row), this.#offset(row), this.#bytes(count)];
            encoder.copyBufferToBuffer(from, offset, target, this.#bytes(at), bytes);
          }
          this.#launcher.device.queue.submit([encoder.finish()]);
        }
        await this.#launcher.submit([]);
      } catch (error) {
        for (const buffer of kept) buffer.destroy();
        throw error;
      }
      for (const buffer of this.#segments) buffer.destroy();
      this.#segments = kept;
      this.#size = rows.length;
    });
  }

  score(queries: Float32Array, queryOf: Uint32Array, rows: Uint32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#translated(async () => {
      // Pairs in the order of their segments, since a dispatch sees one segment.
      const order = Uint32Array.from(rows.keys()).sort((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0) || a - b);
      const sortedRows = order.map((pair) => rows[pair] ?? 0);
      using queryBuffer = await this.#launcher.upload(queries);
      using queryOfBuffer = await this.#launcher.upload(order.map((pair) => queryOf[pair] ?? 0));
      using rowBuffer = await this.#launcher.upload(sortedRows);
      using scoreBuffer = await this.#launcher.scratch(rows.length * 4);
      const column = (buffer: GPUBuffer): Matrix => ({ buffer, rows: rows.length, columns: 1 });
      const steps = [];
      let firstPair = 0;
      for (const { first, items } of this.#filled()) {
        const end = sortedRows.findIndex((row) => row >= first + items.rows);
        const endPair = end < 0 ? rows.length : end;
        const plan = await pairs.plan(this.#launcher, {
          queries: { buffer: queryBuffer.buffer, rows: queries.length / this.dims, columns: this.dims },
          items,
          firstRow: first,
          queryOf: column(queryOfBuffer.buffer),
          rows: column(rowBuffer.buffer),
          scores: column(scoreBuffer.buffer),
          firstPair,
          endPair,
        });
        steps.push(...plan.steps);
        firstPair = endPair;
      }
      const span = { buffer: scoreBuffer.buffer, offset: 0, size: rows.length * 4 };
      const [bytes] = await this.#launcher.submit(steps, [span]);
      const sorted = new Float32Array(bytes ?? new ArrayBuffer(0));
      const scores = new Float32Array(rows.length);
      for (const [at, pair] of order.entries()) scores[pair] = sorted[at] ?? Number.NaN;
      return scores;
    });
  }

  topK(queries: Float32Array, k: number): Promise<Best> {
    return this.#translated(async () => {
      const count = queries.length / this.dims;
      const parts: PartBest[] = [];
      for (const { first, items } of this.#filled()) {
        parts.push({ first, ...(await this.#bestOf(queries, items, Math.min(k, items.rows))) });
      }
      return mergeBest(parts, count, k);
    });
  }

  dispose(): void {
    for (const buffer of this.#segments) buffer.destroy();
    this.#segments = [];
    this.#size = 0;
  }

  async #bestOf(queries: Float32Array, items: Matrix, k: number): Promise<Best> {
    const { dims } = this;
    const count = queries.length / dims;
    const best = { k, rows: new Uint32Array(count * k), scores: new Float32Array(count * k) };
    const selector = new Selector(k);
    const step = Math.max(1, Math.floor(MAX_SCORES / items.rows));
    for (let first = 0; first < count; first += step) {
      const part = queries.subarray(first * dims, Math.min(count, first + step) * dims);
      const rows = part.length / dims;
      using queryBuffer = await this.#launcher.upload(part);
      using scoreBuffer = await this.#launcher.scratch(rows * items.rows * 4);
      using plan = await dot.plan(this.#launcher, {
        queries: { buffer: queryBuffer.buffer, rows, columns: dims },
        items,
        scores: { buffer: scoreBuffer.buffer, rows, columns: items.rows },
      });
      const span = { buffer: scoreBuffer.buffer, offset: 0, size: rows * items.rows * 4 };
      const [bytes] = await this.#launcher.submit(plan.steps, [span]);
      const scores = new Float32Array(bytes ?? new ArrayBuffer(0));
      for (let at = 0; at < rows; at++) {
        const from = (first + at) * k;
        selector.select(
          scores.subarray(at * items.rows, (at + 1) * items.rows),
          best.rows.subarray(from, from + k),
          best.scores.subarray(from, from + k),
        );
      }
    }
    return best;
  }

  async #reserve(size: number): Promise<void> {
    const segments = Math.ceil(size / this.#rowsPerSegment);
    for (let index = Math.max(0, this.#segments.length - 1); index < segments; index++) {
      const rows = Math.min(this.#rowsPerSegment, size - index * this.#rowsPerSegment);
      await this.#grow(index, rows);
    }
  }

  /** Doubles a segment until it holds `rows`, at most to a full one. */
  async #grow(index: number, rows: number): Promise<void> {
    const old = this.#segments[index];
    const held = (old?.size ?? 0) / this.#bytes(1);
    if (held >= rows) return;
    const grown = await this.#launcher.allocate(
      this.#bytes(Math.min(this.#rowsPerSegment, Math.max(rows, held * 2, FIRST_ROWS))),
    );
    if (old !== undefined) {
      const encoder = this.#launcher.device.createCommandEncoder();
      encoder.copyBufferToBuffer(old, 0, grown, 0, old.size);
      this.#launcher.device.queue.submit([encoder.finish()]);
      old.destroy();
    }
    this.#segments[index] = grown;
  }

  *#filled(): Generator<{ readonly first: number; readonly items: Matrix }> {
    for (const [index, buffer] of this.#segments.entries()) {
      const first = index * this.#rowsPerSegment;
      const rows = Math.min(this.#rowsPerSegment, this.#size - first);
      if (rows > 0) yield { first, items: { buffer, rows, columns: this.dims } };
    }
  }

  /** Stretches of `rows` that lie side by side within a segment. */
  *#runs(rows: Uint32Array): Generator<{ readonly at: number; readonly row: number; readonly count: number }> {
    let at = 0;
    while (at < rows.length) {
      const row = rows[at] ?? 0;
      const room = this.#rowsPerSegment - (row % this.#rowsPerSegment);
      let count = 1;
      while (count < room && at + count < rows.length && rows[at + count] === row + count) count++;
      yield { at, row, count };
      at += count;
    }
  }

  #segment(row: number): GPUBuffer {
    const buffer = this.#segments[Math.floor(row / this.#rowsPerSegment)];
    if (buffer === undefined) {
      throw new CoreError('INPUT_INVALID', `expected a row below ${this.#size}, got ${row}`);
    }
    return buffer;
  }

  #offset(row: number): number {
    return this.#bytes(row % this.#rowsPerSegment);
  }

  #bytes(rows: number): number {
    return rows * this.dims * Float32Array.BYTES_PER_ELEMENT;
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
