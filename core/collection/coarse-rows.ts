import { Segments } from './segments.ts';

/** Rows of a panel, whose components lie beside each other: those of component 0, then of component 1. */
export const PANEL = 64;
/** The greatest magnitude of a component. */
const GREATEST = 127;

type Floats = Float32Array<ArrayBuffer>;

/** Rows in 8 bits: about `scales[row]` times the bytes. Whole panels; what is beyond the rows has no meaning. */
export interface CoarseSegment {
  readonly panels: Int8Array<ArrayBuffer>;
  readonly scales: Floats;
  /** The L2 norm of what the bytes lack of a row; the greatest of all. */
  readonly residual: number;
}

/** A second copy of float32 rows, in 8 bits: of which rows a search looks at in full. */
export class CoarseRows {
  readonly #dims: number;
  readonly #rowsPerSegment: number;
  readonly #panelsPerSegment: number;
  readonly #panels: Segments<Int8Array<ArrayBuffer>>;
  readonly #scales: Segments<Floats>;
  readonly #residuals: Segments<Floats>;

  constructor(dims: number, rowsPerSegment: number) {
    this.#dims = dims;
    this.#rowsPerSegment = rowsPerSegment;
    this.#panelsPerSegment = Math.ceil(rowsPerSegment / PANEL);
    const common = { rowsPerSegment: this.#panelsPerSegment, firstRows: 4 };
    this.#panels = new Segments({ make: Int8Array, width: PANEL * dims, ...common });
    const ofRows = { make: Float32Array, width: PANEL, ...common };
    [this.#scales, this.#residuals] = [new Segments(ofRows), new Segments(ofRows)];
  }

  write(row: number, components: Float32Array): void {
    const [panel, lane] = [this.#panelOf(row), (row % this.#rowsPerSegment) % PANEL];
    this.#reserve(panel);
    let greatest = 0;
    for (let at = 0; at < components.length; at++) {
      const magnitude = Math.abs(components[at]!);
      if (!(magnitude <= greatest)) greatest = magnitude;
    }
    // Of a row that is not finite nothing is ever read; below the smallest normal number a row is as good as zero.
    const scale = Number.isFinite(greatest) && greatest > 2 ** -100 ? Math.fround(greatest / GREATEST) : 0;
    const inverse = scale === 0 ? 0 : 1 / scale;
    const bytes = this.#panels.segment(panel);
    let place = this.#panels.start(panel) + lane;
    let lack = 0;
    for (let at = 0; at < components.length; at++, place += PANEL) {
      const component = components[at]!;
      // Rounds to the nearest, between -127 and 127.
      const byte = ((component * inverse + (GREATEST + 1.5)) | 0) - (GREATEST + 1);
      bytes[place] = byte;
      const rest = component - byte * scale;
      lack += rest * rest;
    }
    this.#scales.row(panel)[lane] = scale;
    // Rounded up.
    this.#residuals.row(panel)[lane] = Math.sqrt(lack) * (1 + 2 ** -22);
  }

  /** Drops the rows from `size` on. */
  truncate(size: number): void {
    const kept = Uint32Array.from({ length: size === 0 ? 0 : this.#panelOf(size - 1) + 1 }, (_, panel) => panel);
    for (const segments of [this.#panels, this.#scales, this.#residuals]) segments.keep(kept);
    if (size === 0) return;
    const lanes = ((size - 1) % this.#rowsPerSegment) % PANEL;
    for (const segments of [this.#scales, this.#residuals]) segments.row(kept.length - 1).fill(0, lanes + 1);
  }

  segments(): CoarseSegment[] {
    const [scales, residuals] = [this.#scales, this.#residuals].map((each) => [...each.filled()]);
    return Array.from(this.#panels.filled(), ({ data }, index) => ({
      panels: data,
      scales: scales![index]!.data,
      residual: residuals![index]!.data.reduce((most, each) => Math.max(most, each), 0),
    }));
  }

  #panelOf(row: number): number {
    const within = row % this.#rowsPerSegment;
    return Math.floor(row / this.#rowsPerSegment) * this.#panelsPerSegment + Math.floor(within / PANEL);
  }

  #reserve(panel: number): void {
    if (panel < this.#panels.size) return;
    this.#panels.write(panel, new Int8Array(PANEL * this.#dims));
    for (const segments of [this.#scales, this.#residuals]) segments.write(panel, new Float32Array(PANEL));
  }
}
