import type { Launcher, Matrix } from '../../kernels/index.ts';
import { CoreError } from '../errors.ts';

const FIRST_ROWS = 256;

/** GPU memory for dense float32 rows, in segments that one binding can hold, so that growth never copies what is full. */
export class GpuSegments {
  readonly dims: number;
  readonly #rowsPerSegment: number;
  readonly #launcher: Launcher;
  #segments: GPUBuffer[] = [];
  #size = 0;

  constructor(dims: number, segmentBytes: number, launcher: Launcher) {
    this.dims = dims;
    this.#rowsPerSegment = Math.max(1, Math.floor(segmentBytes / this.#bytes(1)));
    this.#launcher = launcher;
  }

  get size(): number {
    return this.#size;
  }

  /** Each segment's filled part, with the row at which it starts. */
  *filled(): Generator<{ readonly first: number; readonly items: Matrix }> {
    for (const [index, buffer] of this.#segments.entries()) {
      const first = index * this.#rowsPerSegment;
      const rows = Math.min(this.#rowsPerSegment, this.#size - first);
      if (rows > 0) yield { first, items: { buffer, rows, columns: this.dims } };
    }
  }

  async write(rows: Uint32Array, vectors: Float32Array): Promise<void> {
    const size = rows.reduce((most, row) => Math.max(most, row + 1), this.#size);
    await this.#reserve(size);
    for (const { at, row, count } of this.#runs(rows)) {
      const data = vectors.subarray(at * this.dims, (at + count) * this.dims);
      this.#launcher.device.queue.writeBuffer(this.#segment(row), this.#offset(row), data);
    }
    this.#size = size;
    await this.#launcher.submit([]);
  }

  /** Copies the kept rows to new memory; the old is freed once that has worked. */
  async keep(rows: Uint32Array): Promise<void> {
    const kept: GPUBuffer[] = [];
    try {
      for (let first = 0; first < rows.length; first += this.#rowsPerSegment) {
        const part = rows.subarray(first, first + this.#rowsPerSegment);
        const target = await this.#launcher.allocate(this.#bytes(part.length));
        kept.push(target);
        const encoder = this.#launcher.device.createCommandEncoder();
        for (const { at, row, count } of this.#runs(part)) {
          const [source, offset] = [this.#segment(row), this.#offset(row)];
          encoder.copyBufferToBuffer(source, offset, target, this.#bytes(at), this.#bytes(count));
        }
        this.#launcher.device.queue.submit([encoder.finish()]);
      }
      await this.#launcher.submit([]);
    } catch (error) {
      for (const buffer of kept) buffer.destroy();
      throw error;
    }
    this.dispose();
    this.#segments = kept;
    this.#size = rows.length;
  }

  dispose(): void {
    for (const buffer of this.#segments) buffer.destroy();
    this.#segments = [];
    this.#size = 0;
  }

  async #reserve(size: number): Promise<void> {
    const segments = Math.ceil(size / this.#rowsPerSegment);
    for (let index = Math.max(0, this.#segments.length - 1); index < segments; index++) {
      await this.#grow(index, Math.min(this.#rowsPerSegment, size - index * this.#rowsPerSegment));
    }
  }

  /** Doubles a segment until it holds `rows`, at most to a full one. */
  async #grow(index: number, rows: number): Promise<void> {
    const old = this.#segments[index];
    const held = (old?.size ?? 0) / this.#bytes(1);
    if (held >= rows) return;
    const wanted = Math.min(this.#rowsPerSegment, Math.max(rows, held * 2, FIRST_ROWS));
    const grown = await this.#launcher.allocate(this.#bytes(wanted));
    if (old !== undefined) {
      const encoder = this.#launcher.device.createCommandEncoder();
      encoder.copyBufferToBuffer(old, 0, grown, 0, old.size);
      this.#launcher.device.queue.submit([encoder.finish()]);
      old.destroy();
    }
    this.#segments[index] = grown;
  }

  /** Stretches of `rows` that lie side by side within a segment. */
  *#runs(rows: Uint32Array): Generator<{ readonly at: number; readonly row: number; readonly count: number }> {
    let at = 0;
    while (at < rows.length) {
      const row = rows[at] ?? 0;
      const room = this.#rowsPerSegment - (row % this.#rowsPerSegment);
      let count = 1;
      while (count < room && rows[at + count] === row + count) count++;
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
}
