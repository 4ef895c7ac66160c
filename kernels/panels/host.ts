import type { ElementType } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { floatOfHalf, halfOf } from './half.ts';
import { componentsOf, granuleAt, granulesOf, PANEL_ROWS, panelsBytes, requirePanelShape } from './layout.ts';
import { normalizeRow } from './norm.ts';
import { quantizationOf, quantize } from './quantize.ts';

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
  const panels = hostPanels(type, dims, vectors.length / columns);
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
  const row = new Float32Array(dims);
  const bits = new Uint32Array(row.buffer);
  for (const [at, to] of rows.entries()) {
    requireRow(panels, to);
    row.set(vectors.subarray(at * columns, at * columns + dims));
    if (normalize && type !== 'b1') normalizeRow(row);
    packRow(panels, to, row, bits);
  }
}

/** The vectors of the rows named (default: all), row-major; `i8` times its scale, `b1` as 1 and -1. */
export function unpackPanels(panels: HostPanels, rows?: Uint32Array): Floats {
  const { dims } = panels;
  const count = rows?.length ?? panels.rows;
  const vectors = new Float32Array(count * dims);
  const bits = new Uint32Array(vectors.buffer);
  for (let at = 0; at < count; at++) {
    const row = rows?.[at] ?? at;
    requireRow(panels, row);
    unpackRow(panels, row, vectors.subarray(at * dims, (at + 1) * dims), bits.subarray(at * dims, (at + 1) * dims));
  }
  return vectors;
}

function requireRow({ rows }: HostPanels, row: number): void {
  if (row >= rows) throw new KernelError('INPUT_INVALID', `Expected rows below ${rows}; got ${row}.`);
}

/** Words of a row: `first`, and for each granule `stride` more. */
function wordsOf({ type, dims }: HostPanels, row: number): { readonly first: number; readonly stride: number } {
  return { first: granuleAt(row, 0, granulesOf(type, dims)) * 4, stride: PANEL_ROWS * 4 };
}

function packRow(panels: HostPanels, to: number, row: Floats, bits: Words): void {
  const { type, dims, words, scales } = panels;
  const { first, stride } = wordsOf(panels, to);
  const perWord = componentsOf(type) / 4;
  const { scale, greatest } = type === 'i8' ? quantizationOf(bits) : { scale: 1, greatest: 0 };
  if (scales !== undefined) scales[to] = scale;
  for (let i = 0, word = 0; i < dims; i += perWord, word++) {
    const at = first + (word >>> 2) * stride + (word & 3);
    const end = Math.min(dims, i + perWord);
    let packed = 0;
    switch (type) {
      case 'f32':
        packed = bits[i] ?? 0;
        break;
      case 'f16':
        packed = halfOf(bits[i] ?? 0) | (end - i > 1 ? halfOf(bits[i + 1] ?? 0) << 16 : 0);
        break;
      case 'i8':
        if (greatest === 0) break;
        for (let c = i; c < end; c++) packed |= (quantize(row[c] ?? 0, greatest) & 0xff) << (8 * (c - i));
        break;
      case 'b1':
        for (let c = i; c < end; c++) if ((row[c] ?? 0) > 0) packed |= 1 << (c - i);
        break;
    }
    words[at] = packed;
  }
}

function unpackRow(panels: HostPanels, from: number, vector: Floats, bits: Words): void {
  const { type, dims, words, scales } = panels;
  const { first, stride } = wordsOf(panels, from);
  const perWord = componentsOf(type) / 4;
  const scale = scales?.[from] ?? 1;
  for (let i = 0, word = 0; i < dims; i += perWord, word++) {
    const packed = words[first + (word >>> 2) * stride + (word & 3)] ?? 0;
    const end = Math.min(dims, i + perWord);
    switch (type) {
      case 'f32':
        bits[i] = packed;
        break;
      case 'f16':
        for (let c = i; c < end; c++) bits[c] = floatOfHalf((packed >>> (16 * (c - i))) & 0xffff);
        break;
      case 'i8':
        for (let c = i; c < end; c++) vector[c] = ((packed << (24 - 8 * (c - i))) >> 24) * scale;
        break;
      case 'b1':
        for (let c = i; c < end; c++) vector[c] = ((packed >>> (c - i)) & 1) === 1 ? 1 : -1;
        break;
    }
  }
}
