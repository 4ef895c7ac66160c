/** Widening to float32. Sources: IEEE 754-2019 binary16; bfloat16 is the upper half of a binary32. */

type Bytes = Uint8Array<ArrayBuffer>;
type Floats = Float32Array<ArrayBuffer>;

/** Float32 values from little-endian bytes that start at a multiple of 4 in their buffer. */
export const fromFloat32 = (bytes: Bytes): Floats =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);

export function fromBfloat16(bytes: Bytes): Floats {
  const halves = halfWords(bytes);
  const bits = new Uint32Array(halves.length);
  for (let index = 0; index < halves.length; index++) bits[index] = halves[index]! << 16;
  return new Float32Array(bits.buffer);
}

export function fromFloat16(bytes: Bytes): Floats {
  return lookUp(halfWords(bytes), (table ??= halfTable()));
}

/** `value × scale + min` of every uint8 or uint16 code. */
export function fromAffine(bytes: Bytes, width: 1 | 2, scale: number, min: number): Floats {
  const codes = width === 1 ? bytes : halfWords(bytes);
  return lookUp(
    codes,
    Float32Array.from({ length: 256 ** width }, (_, code) => code * scale + min),
  );
}

const halfWords = (bytes: Bytes): Uint16Array => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);

function lookUp(codes: Uint8Array | Uint16Array, values: Floats): Floats {
  const floats = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index++) floats[index] = values[codes[index]!]!;
  return floats;
}

/** The value of every half: 256 KiB, made on first use. */
let table: Floats | undefined;

function halfTable(): Floats {
  return Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}
