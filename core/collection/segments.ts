/** Host memory for dense rows, in segments, so that growth never copies what is full. */

const FIRST_ROWS = 256;

/** What rows are made of. */
export type Elements =
  | Float32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

export interface SegmentsOptions<Data extends Elements> {
  readonly make: new (length: number) => Data;
  /** Elements of one row. */
  readonly width: number;
  /** Rows in one full segment. */
  readonly rowsPerSegment: number;
  /** Rows that are allocated at first. Default: 256. */
  readonly firstRows?: number | undefined;
}

export class Segments<Data extends Elements> {
  readonly width: number;
  readonly rowsPerSegment: number;
  readonly #make: new (length: number) => Data;
  readonly #segments: Data[] = [];
  readonly #firstRows: number;
  #size = 0;

  constructor({ make, width, rowsPerSegment, firstRows = FIRST_ROWS }: SegmentsOptions<Data>) {
    this.#make = make;
    this.width = width;
    this.rowsPerSegment = rowsPerSegment;
    this.#firstRows = firstRows;
  }

  get size(): number {
    return this.#size;
  }

  /** One row, as a view. */
  row(row: number): Data {
    const start = this.start(row);
    return this.segment(row).subarray(start, start + this.width) as Data;
  }

  /** The memory that holds a row, from its element `start(row)` on. */
  segment(row: number): Data {
    return this.#segments[Math.floor(row / this.rowsPerSegment)] ?? new this.#make(0);
  }

  start(row: number): number {
    return (row % this.rowsPerSegment) * this.width;
  }

  /** Each segment that holds rows, with the row at which it starts; elements beyond its rows are zero. */
  *filled(): Generator<{ readonly first: number; readonly rows: number; readonly data: Data }> {
    for (const [index, data] of this.#segments.entries()) {
      const first = index * this.rowsPerSegment;
      const rows = Math.min(this.rowsPerSegment, this.#size - first);
      if (rows > 0) yield { first, rows, data };
    }
  }

  write(row: number, elements: Data): void {
    if (row >= this.#size) {
      this.#reserve(row + 1);
      this.#size = row + 1;
    }
    this.row(row).set(elements);
  }

  /** Moves the kept rows together. `rows` must be ascending. */
  keep(rows: Uint32Array): void {
    for (const [target, source] of rows.entries()) {
      if (target !== source) this.row(target).set(this.row(source));
    }
    this.#size = rows.length;
    this.#segments.length = Math.ceil(this.#size / this.rowsPerSegment);
    const last = this.#size - (this.#segments.length - 1) * this.rowsPerSegment;
    this.#segments.at(-1)?.fill(0, last * this.width);
  }

  #reserve(size: number): void {
    const segments = Math.ceil(size / this.rowsPerSegment);
    while (this.#segments.length < segments) {
      const last = this.#segments.length - 1;
      if (last >= 0) this.#grow(last, this.rowsPerSegment);
      this.#segments.push(new this.#make(0));
    }
    this.#grow(segments - 1, size - (segments - 1) * this.rowsPerSegment);
  }

  /** Doubles a segment until it holds `rows`, at most to a full one. */
  #grow(index: number, rows: number): void {
    const segment = this.#segments[index] ?? new this.#make(0);
    const held = segment.length / this.width;
    if (held >= rows) return;
    const least = Math.ceil(rows / this.#firstRows) * this.#firstRows;
    const wanted = Math.min(this.rowsPerSegment, Math.max(least, held * 2));
    const grown = new this.#make(wanted * this.width);
    grown.set(segment);
    this.#segments[index] = grown;
  }
}
