import test from 'ava';
import fc from 'fast-check';
import { fromAffine, fromBfloat16, fromFloat16, fromFloat32 } from '../../../models/weights/floats.ts';

const assert = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed: 20_261_124, verbose: 1 });

const bytesOf = (values: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> => new Uint8Array(values.buffer);

test("every half widens to the value that the platform's own conversion gives", (t) => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const view = new DataView(halves.buffer) as DataView & {
    getFloat16(at: number, little: boolean): number;
  };
  const floats = fromFloat16(bytesOf(halves));
  for (let bits = 0; bits < 65_536; bits++)
    if (!Object.is(floats[bits], view.getFloat16(bits * 2, true)))
      t.fail(`0x${bits.toString(16)} became ${floats[bits]}`);
  t.is(floats.length, 65_536);
});

test('a bfloat16 is the float32 with its bits above', (t) => {
  assert(
    fc.property(fc.uint16Array(), (halves) => {
      const widened = new Uint32Array(fromBfloat16(bytesOf(Uint16Array.from(halves))).buffer);
      t.deepEqual(
        [...widened],
        Array.from(halves, (half) => half * 65_536),
      );
    }),
  );
});

test('float32 values are read as they are', (t) => {
  assert(
    fc.property(fc.float32Array(), (values) =>
      t.deepEqual(fromFloat32(bytesOf(Float32Array.from(values))), Float32Array.from(values)),
    ),
  );
});

for (const [width, codes] of [
  [1, fc.uint8Array()],
  [2, fc.uint16Array({ maxLength: 20 })],
] as const)
  test(`codes of ${width * 8} bits become value × scale + min`, (t) => {
    const finite = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(codes, finite, finite, (values, scale, min) => {
        const exact = Uint8Array === values.constructor ? Uint8Array.from(values) : Uint16Array.from(values);
        const expected = Float32Array.from(exact, (code) => code * scale + min);
        t.deepEqual(fromAffine(bytesOf(exact), width, scale, min), expected);
      }),
      { seed: 20_261_124, verbose: 1, numRuns: 30 },
    );
  });
