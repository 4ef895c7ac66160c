import { type ElementType, halfOf, type Metric, normalizeRow, quantizationOf, quantize } from '../../kernels/index.ts';
import { setBits } from '../similarity/bits.ts';
import { CoarseRows, type CoarseSegment } from './coarse-rows.ts';
import { type Elements, Segments, type SegmentsOptions } from './segments.ts';

/** Rows of a block are scored in bins of so many; segments are whole bins. */
export const BIN = 16;
const SEGMENT_BYTES = 64 * 1024 * 1024;

type Floats = Float32Array<ArrayBuffer>;

export interface HostRowsOptions {
  readonly type: ElementType;
  readonly metric: Metric;
  readonly dims: number;
  /** Default: as many as make 64 MiB. */
  readonly rowsPerSegment?: number | undefined;
}

/** One query as its rows are: packed as they are, and unpacked again. */
export interface HostQuery {
  /** Components; whole numbers for `i8`, which `scale` multiplies. Empty for `b1`. */
  readonly components: Floats;
  readonly scale: number;
  /** L2 norm; NaN where a component or the scale is not finite. */
  readonly norm: number;
  /** Of `b1`. */
  readonly bits: Uint32Array<ArrayBuffer>;
}

/** Neighbouring rows in memory; what follows them up to a whole bin is zero. */
export interface HostSegment {
  readonly first: number;
  readonly rows: number;
  readonly data: Elements;
  /** Of `i8`: what the components of a row are multiplied by. */
  readonly scales: Floats | undefined;
  /** L2 norms of the rows as they are kept; NaN where one is not finite. Zeros for `b1`. */
  readonly norms: Floats;
  /** The greatest of them; NaN where one is NaN. */
  readonly greatest: number;
  /** The same rows in 8 bits. Of `f32` that is multiplied, not of distances. */
  readonly coarse: CoarseSegment | undefined;
}

/** Rows packed as the kernels pack them, row-major. Everything is scored in float64 and rounded once to float32. */
export class HostRows {
  readonly type: ElementType;
  readonly metric: Metric;
  readonly dims: number;
  /** Elements of one row. */
  readonly width: number;
  readonly rowBytes: number;
  readonly #data: Segments<Elements>;
  readonly #scales: Segments<Floats> | undefined;
  readonly #norms: Segments<Floats>;
  readonly #coarse: CoarseRows | undefined;
  /** Made again after a change. */
  #filled: readonly HostSegment[] | undefined;
  readonly #scratch: Floats;
  /** The scratch row as halves, so that it is filled by one copy that converts. */
  readonly #packed: Elements;

  constructor({ type, metric, dims, rowsPerSegment }: HostRowsOptions) {
    const { make, bits } = ELEMENTS[type];
    this.type = type;
    this.metric = metric;
    this.dims = dims;
    this.width = type === 'b1' ? Math.ceil(dims / 32) : dims;
    this.rowBytes = this.width * (bits / 8);
    const rows = Math.ceil((rowsPerSegment ?? SEGMENT_BYTES / this.rowBytes) / BIN) * BIN;
    this.#data = new Segments<Elements>({ make, width: this.width, rowsPerSegment: rows });
    const ofRows: SegmentsOptions<Floats> = { make: Float32Array, width: 1, rowsPerSegment: rows };
    this.#scales = type === 'i8' ? new Segments(ofRows) : undefined;
    this.#norms = new Segments(ofRows);
    this.#coarse = type === 'f32' && metric !== 'euclidean' ? new CoarseRows(dims, rows) : undefined;
    this.#scratch = new Float32Array(dims);
    this.#packed = new make(this.width);
  }

  get size(): number {
    return this.#data.size;
  }

  /** Whether the rows are also kept in 8 bits. */
  get hasCoarse(): boolean {
    return this.#coarse !== undefined;
  }

  /** The same object until something is written. */
  filled(): readonly HostSegment[] {
    if (this.#filled !== undefined) return this.#filled;
    const scales = [...(this.#scales?.filled() ?? [])];
    const norms = [...this.#norms.filled()];
    const coarse = this.#coarse?.segments();
    this.#filled = Array.from(this.#data.filled(), (segment, index) => ({
      ...segment,
      scales: scales[index]?.data,
      norms: norms[index]!.data,
      greatest: greatestOf(norms[index]!.data),
      coarse: coarse?.[index],
    }));
    return this.#filled;
  }

  write(rows: Uint32Array, vectors: Float32Array): void {
    this.#filled = undefined;
    for (const [index, row] of rows.entries()) {
      const { scale, norm } = this.#pack(vectors.subarray(index * this.dims, (index + 1) * this.dims));
      this.#data.write(row, this.#packed);
      this.#scales?.write(row, Float32Array.of(scale));
      this.#norms.write(row, Float32Array.of(norm));
      this.#coarse?.write(row, this.#packed as Floats);
    }
  }

  keep(rows: Uint32Array): void {
    this.#filled = undefined;
    for (const segments of [this.#data, this.#scales, this.#norms]) segments?.keep(rows);
    if (this.#coarse === undefined) return;
    for (const [target, source] of rows.entries()) {
      if (target !== source) this.#coarse.write(target, this.#data.row(target) as Floats);
    }
    this.#coarse.truncate(rows.length);
  }

  query(vector: Float32Array): HostQuery {
    const { scale, norm } = this.#pack(vector);
    const components = this.type === 'b1' ? new Float32Array(0) : new Float32Array(this.#unpack(this.#packed));
    const bits = this.type === 'b1' ? new Uint32Array(this.#packed) : new Uint32Array(0);
    return { components, scale, norm, bits };
  }

  /** One row, as it is kept; a view. */
  at(row: number): { readonly data: Elements; readonly scale: number; readonly norm: number } {
    const [scale = 1, norm = 0] = [this.#scales?.row(row)[0], this.#norms.row(row)[0]];
    return { data: this.#data.row(row), scale, norm };
  }

  /** Memory for so many rows, their scales and their norms. */
  room(rows: number): [data: Elements, scales: Floats | undefined, norms: Floats] {
    const { make } = ELEMENTS[this.type];
    const scales = this.#scales === undefined ? undefined : new Float32Array(rows);
    return [new make(rows * this.width), scales, new Float32Array(rows)];
  }

  /** The score of one row, in float64. */
  score(query: HostQuery, row: number): number {
    if (this.type === 'b1') {
      const scoreOf = this.metric === 'hamming' ? hamming : jaccard;
      return scoreOf(query.bits, this.#data.segment(row) as Uint32Array, this.#data.start(row));
    }
    if (this.type === 'f32' && this.metric !== 'euclidean') {
      return product(query.components, this.#data.segment(row) as Floats, this.#data.start(row));
    }
    const item = this.#unpack(this.#data.row(row));
    const scale = this.#scales?.row(row)[0] ?? 1;
    return this.metric === 'euclidean'
      ? 0 - squaredDistance(query.components, query.scale, item, scale)
      : product(query.components, item, 0) * query.scale * scale;
  }

  /** Packs into `#packed`. */
  #pack(vector: Float32Array): { readonly scale: number; readonly norm: number } {
    const [row, packed] = [this.#scratch, this.#packed];
    row.set(vector);
    if (this.metric === 'cosine') normalizeRow(row);
    let scale = 1;
    switch (this.type) {
      case 'f32':
        packed.set(row);
        break;
      case 'f16': {
        const bits = new Uint32Array(row.buffer);
        for (let at = 0; at < row.length; at++) packed[at] = halfOf(bits[at]!);
        break;
      }
      case 'i8': {
        const quantization = quantizationOf(new Uint32Array(row.buffer));
        scale = quantization.scale;
        packed.fill(0);
        if (quantization.greatest === 0) break;
        for (let at = 0; at < row.length; at++) packed[at] = quantize(row[at]!, quantization.greatest);
        break;
      }
      case 'b1':
        packed.fill(0);
        for (let at = 0; at < row.length; at++) if (row[at]! > 0) packed[at >> 5]! |= 1 << (at & 31);
        return { scale, norm: 0 };
    }
    const unpacked = this.#unpack(packed);
    const norm = Math.sqrt(product(unpacked, unpacked, 0)) * scale;
    return { scale, norm: Number.isFinite(norm) ? norm : Number.NaN };
  }

  /** The components as float32; the view is good until the next call. */
  #unpack(packed: Elements): Floats {
    if (packed instanceof Float32Array) return packed;
    const scratch = this.#scratch;
    if (packed instanceof Uint16Array) {
      scratch.set(new Float16Array(packed.buffer, packed.byteOffset, packed.length));
    } else {
      scratch.set(packed);
    }
    return scratch;
  }

  /** The scores of all rows, of bits. */
  scoreAllBits({ bits }: HostQuery): Floats {
    const scores = new Float32Array(this.size);
    const scoreOf = this.metric === 'hamming' ? hamming : jaccard;
    for (const { first, rows, data } of this.filled()) {
      const words = data as Uint32Array;
      for (let row = 0; row < rows; row++) scores[first + row] = scoreOf(bits, words, row * this.width);
    }
    return scores;
  }
}

const ELEMENTS: Readonly<
  Record<ElementType, { readonly make: new (length: number) => Elements; readonly bits: number }>
> = {
  f32: { make: Float32Array, bits: 32 },
  f16: { make: Uint16Array, bits: 16 },
  i8: { make: Int8Array, bits: 8 },
  b1: { make: Uint32Array, bits: 32 },
};

/** NaN where one is NaN. */
function greatestOf(norms: Floats): number {
  let greatest = 0;
  for (let at = 0; at < norms.length; at++) {
    const norm = norms[at]!;
    if (!(norm <= greatest)) greatest = norm;
    if (norm !== norm) return norm;
  }
  return greatest;
}

/** In four sums, since each addition of one has to wait for the one before. Of `b`, the components from `start` on. */
function product(a: Floats, b: Floats, start: number): number {
  const count = a.length;
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let at = 0;
  for (; at + 4 <= count; at += 4) {
    first += a[at]! * b[start + at]!;
    second += a[at + 1]! * b[start + at + 1]!;
    third += a[at + 2]! * b[start + at + 2]!;
    fourth += a[at + 3]! * b[start + at + 3]!;
  }
  for (; at < count; at++) first += a[at]! * b[start + at]!;
  return first + second + (third + fourth);
}

function squaredDistance(a: Floats, scaleA: number, b: Floats, scaleB: number): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at]! * scaleA - b[at]! * scaleB) ** 2;
  return sum;
}

/** Minus the number of bits that differ; of `b`, the words from `start` on. */
function hamming(a: Uint32Array, b: Uint32Array, start: number): number {
  let differ = 0;
  for (let at = 0; at < a.length; at++) differ += setBits(a[at]! ^ b[start + at]!);
  return 0 - differ;
}

function jaccard(a: Uint32Array, b: Uint32Array, start: number): number {
  let both = 0;
  let either = 0;
  for (let at = 0; at < a.length; at++) {
    both += setBits(a[at]! & b[start + at]!);
    either += setBits(a[at]! | b[start + at]!);
  }
  return either === 0 ? 1 : both / either;
}
