import fc from 'fast-check';
import type { Attribute, Model, Node, Tensor, ValueInfo } from '../../../models/onnx/contract.ts';

/** Models of every shape that the contract can state. */

const name = fc.string({ unit: 'binary', maxLength: 12 });
const integer = fc.maxSafeInteger();
const float32 = fc.float({ noNaN: true });

const dimension = fc.oneof(fc.nat(), fc.string({ minLength: 1, maxLength: 8 }), fc.constant(''));

const valueInfo: fc.Arbitrary<ValueInfo> = fc.record(
  { name, type: fc.integer({ min: 1, max: 16 }), dims: fc.array(dimension, { maxLength: 4 }) },
  { requiredKeys: ['name', 'type'] },
);

const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.record({ int: integer }),
  fc.record({ float: float32 }),
  fc.record({ string: name }),
  fc.record({ ints: fc.array(integer, { maxLength: 5 }) }),
  fc.record({ floats: fc.array(float32, { maxLength: 5 }) }),
);

/** Decoding makes plain objects; a `__proto__` key would not be one of their own when set by a literal. */
const dictionary = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .dictionary(name, value, { maxKeys: 4, noNullPrototype: true })
    .filter((entries) => !Object.hasOwn(entries, '__proto__'));

const node: fc.Arbitrary<Node> = fc.record({
  opType: name,
  domain: name,
  name,
  inputs: fc.array(name, { maxLength: 4 }),
  outputs: fc.array(name, { maxLength: 3 }),
  attributes: dictionary(attribute),
});

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    name,
    type: fc.integer({ min: 1, max: 16 }),
    dims: fc.array(fc.nat(), { maxLength: 4 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ bytes, ...tensor }) => ({
    ...tensor,
    data: { byteLength: bytes.length, read: () => bytes },
  }));

export const anyModel: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.nat(),
  producer: name,
  opsets: dictionary(fc.nat()).filter((opsets) => !Object.hasOwn(opsets, 'ai.onnx')),
  metadata: dictionary(name),
  graph: fc.record({
    name,
    nodes: fc.array(node, { maxLength: 6 }),
    initializers: fc.array(tensor, { maxLength: 4 }),
    inputs: fc.array(valueInfo, { maxLength: 3 }),
    outputs: fc.array(valueInfo, { maxLength: 3 }),
    rest: fc.constant([]),
  }),
  rest: fc.constant([]),
});
