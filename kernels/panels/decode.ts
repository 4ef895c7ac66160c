import type { ElementType } from '../contract.ts';
import type { FloatRow } from './encode.ts';
import { floatOfHalf } from './half.ts';

/** Reads a row from its words, each granule of four words `stride` after the one before. */
export type Decoder = (
  words: Int32Array<ArrayBuffer>,
  first: number,
  stride: number,
  scale: number,
  row: FloatRow,
) => void;

export const decoders: Readonly<Record<ElementType, Decoder>> = { f32, f16, i8, b1 };

function f32(words: Int32Array<ArrayBuffer>, first: number, stride: number, _scale: number, { bits }: FloatRow): void {
  for (let i = 0, from = first; i < bits.length; from += stride) {
    for (let word = 0; word < 4 && i < bits.length; word++, i++) bits[i] = words[from + word]!;
  }
}

function f16(words: Int32Array<ArrayBuffer>, first: number, stride: number, _scale: number, { bits }: FloatRow): void {
  for (let i = 0, from = first; i < bits.length; from += stride) {
    for (let word = 0; word < 4 && i < bits.length; word++) {
      const packed = words[from + word]!;
      bits[i++] = floatOfHalf(packed & 0xffff);
      if (i < bits.length) bits[i++] = floatOfHalf(packed >>> 16);
    }
  }
}

function i8(words: Int32Array<ArrayBuffer>, first: number, stride: number, scale: number, { values }: FloatRow): void {
  for (let i = 0, from = first; i < values.length; from += stride) {
    for (let word = 0; word < 4 && i < values.length; word++) {
      const packed = words[from + word]!;
      for (let shift = 24; shift >= 0 && i < values.length; shift -= 8, i++)
        values[i] = ((packed << shift) >> 24) * scale;
    }
  }
}

function b1(words: Int32Array<ArrayBuffer>, first: number, stride: number, _scale: number, { values }: FloatRow): void {
  for (let i = 0, from = first; i < values.length; from += stride) {
    for (let word = 0; word < 4 && i < values.length; word++) {
      const packed = words[from + word]!;
      for (let bit = 0; bit < 32 && i < values.length; bit++, i++) values[i] = ((packed >>> bit) & 1) * 2 - 1;
    }
  }
}
