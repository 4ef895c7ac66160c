import { packValue } from '../../shard/wire/values.ts';
import type { Turns } from '../map/turns.ts';
import type { PackedInputs } from './contract.ts';

/** Inputs that are packed before others get their turn. */
const AT_ONCE = 512;

/** Says which kind of value follows, so that the text "1" and the number 1 differ. */
const Tag = { number: 0, text: 1, other: 2 } as const;

/** Each input as bytes that only an equal one has: an object's keys count in their order. */
export async function packInputs(inputs: readonly unknown[], turns: Turns): Promise<PackedInputs> {
  const packer = new Packer(inputs.length);
  for (let from = 0; from < inputs.length; from += AT_ONCE) {
    await turns.run(() => {
      for (let at = from; at < Math.min(from + AT_ONCE, inputs.length); at++) packer.add(inputs[at]);
    });
  }
  return packer.finish();
}

class Packer {
  readonly #ends: Uint32Array<ArrayBuffer>;
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;
  #count = 0;

  constructor(count: number) {
    this.#ends = new Uint32Array(count);
    this.#bytes = newBuffer(count * 16);
  }

  add(input: unknown): void {
    if (typeof input === 'number') {
      this.#reserve(9);
      this.#bytes.writeUInt8(Tag.number, this.#length);
      this.#bytes.writeDoubleLE(input, this.#length + 1);
      this.#length += 9;
    } else if (typeof input === 'string') {
      this.#reserve(1 + input.length * 3);
      this.#bytes.writeUInt8(Tag.text, this.#length);
      this.#length += 1 + this.#bytes.write(input, this.#length + 1);
    } else {
      const packed = packValue(input);
      this.#reserve(1 + packed.length);
      this.#bytes.writeUInt8(Tag.other, this.#length);
      this.#bytes.set(packed, this.#length + 1);
      this.#length += 1 + packed.length;
    }
    this.#ends[this.#count++] = this.#length;
  }

  finish(): PackedInputs {
    return { bytes: this.#bytes.subarray(0, this.#length), ends: this.#ends };
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = newBuffer(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** With memory of its own, since it moves to another thread. */
function newBuffer(length: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(length));
}
