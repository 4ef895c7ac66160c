import {
  type ElementType,
  type Launcher,
  PANEL_ROWS,
  panelBytes,
  panelsBytes,
  type Panels,
  sizeLimit,
} from '../../kernels/index.ts';
import { CoreError } from '../errors.ts';

/** A last segment below this is grown by copying it; beyond, another is begun, as large as all that there are. */
const COPIED_BYTES = 64 * 2 ** 20;

export interface SegmentsOptions {
  readonly type: ElementType;
  readonly dims: number;
  /** Bytes in the largest segment; less where the device can bind less, and one panel at least. */
  readonly segmentBytes: number;
}

/** GPU memory for some panels of a store. */
export interface Segment {
  /** Row of the store that its first is. */
  readonly first: number;
  /** Rows that it has room for, whole panels. */
  readonly capacity: number;
  readonly buffer: GPUBuffer;
  readonly scales: GPUBuffer | undefined;
}

/** GPU memory for vectors in panels, in segments that one binding can hold each, so that growth never copies what is large. */
export class GpuSegments {
  readonly type: ElementType;
  readonly dims: number;
  readonly #largest: number;
  readonly #copied: number;
  readonly #launcher: Launcher;
  #segments: Segment[] = [];

  constructor({ type, dims, segmentBytes }: SegmentsOptions, launcher: Launcher) {
    this.type = type;
    this.dims = dims;
    this.#launcher = launcher;
    const panel = panelBytes(type, dims);
    const panels = Math.floor(Math.min(segmentBytes, sizeLimit(launcher.device)) / panel);
    this.#largest = Math.max(1, panels) * PANEL_ROWS;
    this.#copied = Math.min(this.#largest, Math.ceil(COPIED_BYTES / panel) * PANEL_ROWS);
  }

  get capacity(): number {
    const last = this.#segments.at(-1);
    return last === undefined ? 0 : last.first + last.capacity;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  /** The segment that has room for the row. Throws `INPUT_INVALID` where none has. */
  of(row: number): Segment {
    const found = this.#segments.findLast(({ first }) => first <= row);
    if (found !== undefined && row < this.capacity) return found;
    throw new CoreError('INPUT_INVALID', `expected a row below ${this.capacity}, got ${row}`);
  }

  /** The first rows of a segment, or all that it has room for. */
  panels({ capacity, buffer, scales }: Segment, rows: number = capacity): Panels {
    const { type, dims } = this;
    return { buffer, type, rows, dims, ...(scales && { scales: { buffer: scales, rows, columns: 1 } }) };
  }

  /** Each segment's part of the first `size` rows. */
  filled(size: number): { readonly first: number; readonly items: Panels }[] {
    return this.#segments
      .filter(({ first }) => first < size)
      .map((segment) => {
        const rows = Math.min(segment.capacity, size - segment.first);
        return { first: segment.first, items: this.panels(segment, rows) };
      });
  }

  /** Makes room for `size` rows in all. What is there stays, where there is no memory for more too. */
  async reserve(size: number): Promise<void> {
    while (this.capacity < size) {
      const last = this.#segments.at(-1);
      const wanted = Math.ceil((size - this.capacity) / PANEL_ROWS) * PANEL_ROWS;
      if (last !== undefined && last.capacity < this.#copied) {
        const rows = Math.min(this.#largest, Math.max(last.capacity + wanted, 2 * last.capacity));
        this.#segments[this.#segments.length - 1] = await this.#grown(last, rows);
      } else {
        const rows = Math.min(this.#largest, Math.max(wanted, this.capacity));
        this.#segments.push(await this.#allocate(this.capacity, rows));
      }
    }
  }

  /** Takes the memory of another in place of its own, which is freed. */
  take(other: GpuSegments): void {
    this.dispose();
    this.#segments = other.#segments;
    other.#segments = [];
  }

  dispose(): void {
    for (const segment of this.#segments) free(segment);
    this.#segments = [];
  }

  async #grown(old: Segment, rows: number): Promise<Segment> {
    const grown = await this.#allocate(old.first, rows);
    const encoder = this.#launcher.device.createCommandEncoder();
    encoder.copyBufferToBuffer(old.buffer, 0, grown.buffer, 0, old.buffer.size);
    if (old.scales && grown.scales) encoder.copyBufferToBuffer(old.scales, 0, grown.scales, 0, old.scales.size);
    this.#launcher.device.queue.submit([encoder.finish()]);
    free(old);
    return grown;
  }

  async #allocate(first: number, capacity: number): Promise<Segment> {
    const buffer = await this.#launcher.allocate(panelsBytes(this.type, this.dims, capacity));
    try {
      const scales = this.type === 'i8' ? await this.#launcher.allocate(4 * capacity) : undefined;
      return { first, capacity, buffer, scales };
    } catch (error) {
      buffer.destroy();
      throw error;
    }
  }
}

function free({ buffer, scales }: Segment): void {
  buffer.destroy();
  scales?.destroy();
}
