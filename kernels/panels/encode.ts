import type { ElementType } from '../contract.ts';
import { halfOf } from './half.ts';
import { quantizationOf, quantize } from './quantize.ts';

/** A row of float32 seen as numbers and as its bits; signed, since those are integers to the machine. */
export interface FloatRow {
  readonly values: Float32Array<ArrayBuffer>;
  readonly bits: Int32Array<ArrayBuffer>;
}

/** Writes the words of a row, each granule of four words `stride` after the one before; answers with the row's scale. */
export type Encoder = (row: FloatRow, words: Int32Array<ArrayBuffer>, first: number, stride: number) => number;

export const encoders: Readonly<Record<ElementType, Encoder>> = { f32, f16, i8, b1 };

function f32({ bits }: FloatRow, words: Int32Array<ArrayBuffer>, first: number, stride: number): number {
  for (let i = 0, to = first; i < bits.length; to += stride) {
    for (let word = 0; word < 4 && i < bits.length; word++, i++) words[to + word] = bits[i]!;
  }
  return 1;
}

function f16({ bits }: FloatRow, words: Int32Array<ArrayBuffer>, first: number, stride: number): number {
  for (let i = 0, to = first; i < bits.length; to += stride) {
    for (let word = 0; word < 4 && i < bits.length; word++, i += 2) {
      const upper = i + 1 < bits.length ? halfOf(bits[i + 1]!) : 0;
      words[to + word] = halfOf(bits[i]!) | (upper << 16);
    }
  }
  return 1;
}

function i8({ values, bits }: FloatRow, words: Int32Array<ArrayBuffer>, first: number, stride: number): number {
  const { scale, greatest } = quantizationOf(bits);
  for (let i = 0, to = first; i < values.length; to += stride) {
    for (let word = 0; word < 4 && i < values.length; word++) {
      let packed = 0;
      for (let shift = 0; shift < 32 && i < values.length; shift += 8, i++) {
        if (greatest > 0) packed |= (quantize(values[i]!, greatest) & 0xff) << shift;
      }
      words[to + word] = packed;
    }
  }
  return scale;
}

function b1({ values }: FloatRow, words: Int32Array<ArrayBuffer>, first: number, stride: number): number {
  for (let i = 0, to = first; i < values.length; to += stride) {
    for (let word = 0; word < 4 && i < values.length; word++) {
      let packed = 0;
      for (let shift = 0; shift < 32 && i < values.length; shift++, i++) packed |= Number(values[i]! > 0) << shift;
      words[to + word] = packed;
    }
  }
  return 1;
}
