import { FORBIDDEN_KEY, MAX_PARTS, MAX_VALUE_DEPTH, invalid } from './limits.ts';

/** Elements of arrays and maps that count as much as an array itself. */
const ELEMENTS_OF_PART = 16;

/**
 * How many arrays, maps and extensions may still be made of what arrives: each may take one byte on the wire, and a
 * hundred in memory. Elements may take one byte, and eight in memory.
 */
export class Allowance {
  #left: number;

  constructor(parts: number = MAX_PARTS) {
    this.#left = parts;
  }

  /** Throws `FRAME_INVALID` once nothing is left. */
  spend(elements = 0): void {
    this.#left -= 1 + Math.floor(elements / ELEMENTS_OF_PART);
    if (this.#left >= 0) return;
    throw invalid(
      `There are more than ${MAX_PARTS} arrays, maps and extensions, ${ELEMENTS_OF_PART} elements counting as one; ` +
        'send long lists of numbers as typed arrays',
    );
  }
}

/**
 * Finds where a MessagePack value ends, without building it, and refuses what must not be built: counts that the
 * bytes can't hold, deep nesting, more objects than are allowed, keys that would reach a prototype, and extensions
 * outside the protocol.
 * Source: the MessagePack specification; extension types as msgpackr numbers them.
 */
export function scanValue(bytes: Uint8Array<ArrayBuffer>, allowance: Allowance): number {
  return new Scanner(bytes, allowance).value(0);
}

/**
 * Finds where the elements of a MessagePack array begin, and then where each run of about `stepBytes` of them ends, by
 * the rules of `scanValue`. Refuses anything but an array of `count` elements.
 */
export function* scanList(
  bytes: Uint8Array<ArrayBuffer>,
  {
    count,
    allowance,
    stepBytes,
  }: { readonly count: number; readonly allowance: Allowance; readonly stepBytes: number },
): Generator<number, void, undefined> {
  const scanner = new Scanner(bytes, allowance);
  let start = scanner.array(count);
  yield start;
  for (let left = count; left > 0; left--) {
    const end = scanner.value(1);
    if (end - start < stepBytes && left > 1) continue;
    yield end;
    start = end;
  }
}

const TYPED_ARRAY = 0x74;
/** Bytes per element of a typed array by its code: Int8, Uint8, Uint8Clamped, Int16, …, BigUint64. */
const ELEMENT_BYTES = [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8];
const UNDEFINED = 0;
const BIGINT = 0x42;
const SET = 0x73;
const TIMESTAMP = 0xff;
const MAX_BIGINT_BYTES = 1024;

const forbiddenKey = new TextEncoder().encode(FORBIDDEN_KEY);

class Scanner {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #allowance: Allowance;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, allowance: Allowance) {
    this.#allowance = allowance;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Skips the header of an array of `count` elements and returns where they begin. */
  array(count: number): number {
    const token = this.#unsigned(1);
    const length =
      token >= 0x90 && token <= 0x9f
        ? token & 0x0f
        : token === 0xdc
          ? this.#unsigned(2)
          : token === 0xdd
            ? this.#unsigned(4)
            : undefined;
    if (length !== undefined) this.#nest(length, 0);
    if (length !== count) throw invalid(`Expected a MessagePack array of ${count} values`);
    return this.#at;
  }

  /** Skips one value and returns where it ended. */
  value(depth: number): number {
    const token = this.#unsigned(1);
    if (token <= 0x7f || token >= 0xe0) return this.#at;
    if (token <= 0x8f) return this.#map(token & 0x0f, depth);
    if (token <= 0x9f) return this.#array(token & 0x0f, depth);
    if (token <= 0xbf) return this.#skip(token & 0x1f);
    switch (token) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return this.#at;
      case 0xc4: // bin 8
      case 0xd9: // str 8
        return this.#skip(this.#unsigned(1));
      case 0xc5: // bin 16
      case 0xda: // str 16
        return this.#skip(this.#unsigned(2));
      case 0xc6: // bin 32
      case 0xdb: // str 32
        return this.#skip(this.#unsigned(4));
      case 0xc7:
        return this.#extension(this.#unsigned(1));
      case 0xc8:
        return this.#extension(this.#unsigned(2));
      case 0xc9:
        return this.#extension(this.#unsigned(4));
      case 0xca: // float 32
      case 0xce: // uint 32
      case 0xd2: // int 32
        return this.#skip(4);
      case 0xcb: // float 64
      case 0xcf: // uint 64
      case 0xd3: // int 64
        return this.#skip(8);
      case 0xcc: // uint 8
      case 0xd0: // int 8
        return this.#skip(1);
      case 0xcd: // uint 16
      case 0xd1: // int 16
        return this.#skip(2);
      case 0xd4:
        return this.#tagged(depth);
      case 0xd5:
        return this.#extension(2);
      case 0xd6:
        return this.#extension(4);
      case 0xd7:
        return this.#extension(8);
      case 0xd8:
        return this.#extension(16);
      case 0xdc:
        return this.#array(this.#unsigned(2), depth);
      case 0xdd:
        return this.#array(this.#unsigned(4), depth);
      case 0xde:
        return this.#map(this.#unsigned(2), depth);
      case 0xdf:
        return this.#map(this.#unsigned(4), depth);
      default:
        throw invalid(`0x${token.toString(16)} does not begin a MessagePack value`);
    }
  }

  #array(count: number, depth: number): number {
    this.#nest(count, depth);
    for (let item = 0; item < count; item++) this.value(depth + 1);
    return this.#at;
  }

  #map(count: number, depth: number): number {
    this.#nest(count * 2, depth);
    for (let item = 0; item < count; item++) {
      this.#key();
      this.value(depth + 1);
    }
    return this.#at;
  }

  #nest(values: number, depth: number): void {
    if (depth >= MAX_VALUE_DEPTH) {
      throw invalid(`A value is nested more than ${MAX_VALUE_DEPTH} deep`);
    }
    // Each value takes a byte at least, so a greater count is a lie that would only cost memory.
    if (values > this.#bytes.length - this.#at) {
      throw invalid(`A value claims ${values} parts in ${this.#bytes.length - this.#at} bytes`);
    }
    this.#allowance.spend(values);
  }

  #key(): void {
    const token = this.#bytes[this.#at];
    const start = this.#at;
    const text = token !== undefined && ((token >= 0xa0 && token <= 0xbf) || (token >= 0xd9 && token <= 0xdb));
    const integer =
      token !== undefined &&
      (token <= 0x7f || token >= 0xe0 || (token >= 0xcc && token <= 0xce) || (token >= 0xd0 && token <= 0xd2));
    if (!text && !integer) throw invalid('A map has a key that is neither a string nor an integer');
    const end = this.value(0);
    if (!text || end - start <= forbiddenKey.length) return;
    const key = this.#bytes.subarray(end - forbiddenKey.length, end);
    const header = end - start - forbiddenKey.length;
    const whole = header === (token < 0xc0 ? 1 : token === 0xd9 ? 2 : token === 0xda ? 3 : 5);
    if (whole && key.every((byte, index) => byte === forbiddenKey[index])) {
      throw invalid(`A map has the key ${FORBIDDEN_KEY}, which is refused`);
    }
  }

  /** A one-byte extension: a value of its own, or (a Set) a tag on the value that follows. */
  #tagged(depth: number): number {
    const type = this.#unsigned(1);
    this.#skip(1);
    if (type === SET) {
      this.#nest(1, depth);
      return this.value(depth + 1);
    }
    this.#allowance.spend();
    if (type === UNDEFINED || type === TIMESTAMP || type === BIGINT) return this.#at;
    throw unsupported(type);
  }

  #extension(length: number): number {
    this.#allowance.spend();
    const type = this.#unsigned(1);
    const start = this.#at;
    const end = this.#skip(length);
    switch (type) {
      case TIMESTAMP:
        if (length === 4 || length === 8 || length === 12) return end;
        throw invalid(`A timestamp has ${length} bytes, expected 4, 8 or 12`);
      case BIGINT:
        if (length > 0 && length <= MAX_BIGINT_BYTES) return end;
        throw invalid(`A bigint has ${length} bytes, expected 1 to ${MAX_BIGINT_BYTES}`);
      case TYPED_ARRAY: {
        const size = length > 0 ? ELEMENT_BYTES[this.#bytes[start] ?? 255] : undefined;
        if (size !== undefined && (length - 1) % size === 0) return end;
        throw invalid('A typed array is of an unknown type, or cut inside an element');
      }
      default:
        throw unsupported(type);
    }
  }

  #unsigned(size: 1 | 2 | 4): number {
    const at = this.#at;
    this.#skip(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(length: number): number {
    if (length > this.#bytes.length - this.#at) {
      throw invalid(`A value needs ${length} bytes more, but ${this.#bytes.length - this.#at} are left`);
    }
    this.#at += length;
    return this.#at;
  }
}

function unsupported(type: number): Error {
  const names: Record<number, string> = { 0x65: 'Error', 0x78: 'RegExp' };
  return invalid(`A value of ${names[type] ?? `extension type ${type}`} can't travel; send plain data instead`);
}
