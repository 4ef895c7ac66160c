import type { ElementType } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { decoders } from './decode.ts';
import { encoders } from './encode.ts';
import { granuleAt, granulesOf, PANEL_ROWS, panelsBytes, requirePanelShape } from './layout.ts';
import { normalizeRow } from './norm.ts';

type Floats = Float32Array<ArrayBuffer>;
type Words = Uint32Array<ArrayBuffer>;

/** Panels in memory of the host: the bytes that `Panels` have on a device. */
export interface HostPanels {
  readonly type: ElementType;
  readonly rows: number;
  /** Components of a row. */
  readonly dims: number;
  readonly words: Words;
  /** One a row, of `i8` alone: what its components are multiplied by. */
  readonly scales?: Floats;
}

export interface PackOptions {
  /** Components of each vector given; the leading ones are kept where the panels have fewer. */
  readonly columns: number;
  /** Scale what is kept to L2 norm 1 first, with the bits of the kernel. Default: false. */
  readonly normalize?: boolean;
}

export interface PackPanelsOptions extends PackOptions {
  readonly type: ElementType;
  /** Leading components to keep (Matryoshka). Default: all. */
  readonly dims?: number;
}

/** Panels of zeros. Throws `INPUT_INVALID` for a type or size that there is not. */
export function hostPanels(type: ElementType, dims: number, rows: number): HostPanels {
  requirePanelShape(type, dims);
  const words = new Uint32Array(panelsBytes(type, dims, rows) / 4);
  return { type, dims, rows, words, ...(type === 'i8' && { scales: new Float32Array(rows) }) };
}

/**
 * Packs vectors, row-major, as the kernel `pack` does, bit for bit. `f16` rounds to nearest, ties to even, from 65,520 up
 * to infinity; `i8` is 127 · x / max|x|, to nearest, ties to even; a bit of `b1` is x > 0.
 */
export function packPanels(vectors: Floats, options: PackPanelsOptions): HostPanels {
  const { type, columns, dims = columns, normalize = false } = options;
  const panels = hostPanels(type, dims, Math.floor(vectors.length / columns));
  const rows = Uint32Array.from({ length: panels.rows }, (_, row) => row);
  packRows(panels, rows, vectors, { columns, normalize });
  return panels;
}

/** Packs one vector into each of the rows named; the others stay as they are. */
export function packRows(
  panels: HostPanels,
  rows: Uint32Array,
  vectors: Floats,
  { columns, normalize = false }: PackOptions,
): void {
  const { type, dims } = panels;
  if (columns < dims || vectors.length !== rows.length * columns) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${rows.length} vectors of ${dims} components or more; got ${vectors.length} values of ${columns} each.`,
    );
  }
  const values = new Float32Array(dims);
  const row = { values, bits: new Int32Array(values.buffer) };
  const words = new Int32Array(panels.words.buffer, panels.words.byteOffset, panels.words.length);
  const granules = granulesOf(type, dims);
  const encode = encoders[type];
  for (let at = 0; at < rows.length; at++) {
    const to = rows[at]!;
    requireRow(panels, to);
    values.set(vectors.subarray(at * columns, at * columns + dims));
    if (normalize && type !== 'b1') normalizeRow(values);
    const scale = encode(row, words, 4 * granuleAt(to, 0, granules), 4 * PANEL_ROWS);
    if (panels.scales !== undefined) panels.scales[to] = scale;
  }
}

/** The vectors of the rows named (default: all), row-major; `i8` times its scale, `b1` as 1 and -1. */
export function unpackPanels(panels: HostPanels, rows?: Uint32Array): Floats {
  const { type, dims, scales } = panels;
  const count = rows?.length ?? panels.rows;
  const vectors = new Float32Array(count * dims);
  const words = new Int32Array(panels.words.buffer, panels.words.byteOffset, panels.words.length);
  const granules = granulesOf(type, dims);
  const decode = decoders[type];
  for (let at = 0; at < count; at++) {
    const row = rows?.[at] ?? at;
    requireRow(panels, row);
    const values = vectors.subarray(at * dims, (at + 1) * dims);
    const bits = new Int32Array(values.buffer, values.byteOffset, dims);
    decode(words, 4 * granuleAt(row, 0, granules), 4 * PANEL_ROWS, scales?.[row] ?? 1, { values, bits });
  }
  return vectors;
}

function requireRow({ rows }: HostPanels, row: number): void {
  if (row >= rows) throw new KernelError('INPUT_INVALID', `Expected rows below ${rows}; got ${row}.`);
}
