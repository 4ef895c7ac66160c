import fc from 'fast-check';

/** Any value that the protocol carries, as it comes out at the other end. */
export const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false, NaN, Infinity),
    // MessagePack writes −0 as the integer 0.
    fc.double().map((number) => number + 0),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    fc.string({ unit: 'grapheme' }),
    fc.date({ noInvalidDate: true }),
    fc.float32Array({ maxLength: 5 }),
    fc.uint16Array({ maxLength: 5 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && !/^-?\d+$/.test(key)),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const vector = (dims: number): fc.Arbitrary<Float32Array> => fc.float32Array({ minLength: dims, maxLength: dims });

/** Columns of each kind that an encoding is made for, and mixtures. */
export const column: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.array(value, { maxLength: 20 }),
  fc.array(fc.integer(), { maxLength: 50 }),
  fc.array(fc.double(), { maxLength: 50 }),
  fc.array(text, { maxLength: 50 }),
  fc.array(fc.constantFrom('a dog on a skateboard', 'two cats', ''), { maxLength: 50 }),
  fc.integer({ min: 1, max: 9 }).chain((dims) => fc.array(vector(dims), { maxLength: 20 })),
  vector(5).map((row) => Array.from({ length: 20 }, () => row)),
  fc.array(fc.tuple(text, fc.integer()), { maxLength: 20 }),
  fc.array(fc.tuple(vector(3), fc.oneof(text, fc.integer()), value), { maxLength: 20 }),
  fc.array(fc.tuple(fc.tuple(fc.integer(), text), fc.double()), { maxLength: 20 }),
);

/** Cuts bytes into chunks at the given places, which may lie outside. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b);
  let start = 0;
  const chunks: Uint8Array[] = [];
  for (const end of [...ends, bytes.length]) {
    chunks.push(bytes.slice(start, end));
    start = end;
  }
  return chunks;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
