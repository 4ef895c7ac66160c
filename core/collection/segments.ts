/** Host memory for dense float32 rows, in segments, so that growth never copies what is full. */

const SEGMENT_BYTES = 64 * 1024 * 1024;
const FIRST_ROWS = 256;

export class Segments {
  readonly dims: number;
  /** Rows in one full segment. */
  readonly rowsPerSegment: number;
  readonly #segments: Float32Array<ArrayBuffer>[] = [];
  #size = 0;

  constructor(dims: number, segmentBytes: number = SEGMENT_BYTES) {
    this.dims = dims;
    this.rowsPerSegment = Math.max(1, Math.floor(segmentBytes / (dims * Float32Array.BYTES_PER_ELEMENT)));
  }

  get size(): number {
    return this.#size;
  }

  /** One row, as a view. */
  row(row: number): Float32Array<ArrayBuffer> {
    const segment = this.#segments[Math.floor(row / this.rowsPerSegment)];
    const start = (row % this.rowsPerSegment) * this.dims;
    return segment === undefined ? new Float32Array(0) : segment.subarray(start, start + this.dims);
  }

  /** Each segment's filled part, with the row at which it starts. */
  *filled(): Generator<{ first: number; rows: number; data: Float32Array<ArrayBuffer> }> {
    for (const [index, segment] of this.#segments.entries()) {
      const first = index * this.rowsPerSegment;
      const rows = Math.min(this.rowsPerSegment, this.#size - first);
      if (rows > 0) yield { first, rows, data: segment.subarray(0, rows * this.dims) };
    }
  }

  write(row: number, vector: Float32Array): void {
    if (row >= this.#size) {
      this.#reserve(row + 1);
      this.#size = row + 1;
    }
    this.row(row).set(vector);
  }

  /** Moves the kept rows together. `rows` must be ascending. */
  keep(rows: Uint32Array): void {
    for (const [target, source] of rows.entries()) {
      if (target !== source) this.row(target).set(this.row(source));
    }
    this.#size = rows.length;
    this.#segments.length = Math.ceil(this.#size / this.rowsPerSegment);
  }

  #reserve(size: number): void {
    const segments = Math.ceil(size / this.rowsPerSegment);
    while (this.#segments.length < segments) {
      const last = this.#segments.length - 1;
      if (last >= 0) this.#grow(last, this.rowsPerSegment);
      this.#segments.push(new Float32Array(0));
    }
    this.#grow(segments - 1, size - (segments - 1) * this.rowsPerSegment);
  }

  /** Doubles a segment until it holds `rows`, at most to a full one. */
  #grow(index: number, rows: number): void {
    const segment = this.#segments[index] ?? new Float32Array(0);
    const held = segment.length / this.dims;
    if (held >= rows) return;
    const wanted = Math.min(this.rowsPerSegment, Math.max(rows, held * 2, FIRST_ROWS));
    const grown = new Float32Array(wanted * this.dims);
    grown.set(segment);
    this.#segments[index] = grown;
  }
}
