import test from 'ava';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { ModelError } from '../../../models/errors.ts';
import type { Model, Node } from '../../../models/onnx/contract.ts';
import { decodeModel } from '../../../models/onnx/decode.ts';
import { encodeModel } from '../../../models/onnx/encode.ts';
import { renameValues } from '../../../models/onnx/rename.ts';
import { anyModel } from './model.arbitrary.ts';

/** A model as plain values: bytes read, and without the messages it came from. */
const plain = ({ graph, ...model }: Model): unknown => ({
  ...model,
  graph: {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, encoded: undefined })),
    initializers: graph.initializers.map(({ data, ...tensor }) => ({
      ...tensor,
      encoded: undefined,
      data: data && [...data.read()],
    })),
  },
});

const assert = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed: 20_261_124, verbose: 1 });

test('any model is read as it was written', (t) => {
  assert(fc.property(anyModel, (model) => t.deepEqual(plain(decodeModel(encodeModel(model))), plain(model))));
});

test('what was read is written back byte for byte', (t) => {
  assert(
    fc.property(anyModel, (model) => {
      const bytes = encodeModel(model);
      t.deepEqual(encodeModel(decodeModel(bytes)), bytes);
    }),
  );
});

test('bytes cut anywhere are refused, or lose whole fields at their end', (t) => {
  assert(
    fc.property(anyModel, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (model, share) => {
      const bytes = encodeModel(model);
      try {
        decodeModel(bytes.subarray(0, Math.floor(bytes.length * share)));
      } catch (error) {
        t.true(error instanceof ModelError && error.code === 'MODEL_INVALID', String(error));
      }
    }),
  );
});

test('arbitrary bytes are refused with a typed error, if at all', (t) => {
  assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeModel(bytes);
      } catch (error) {
        t.true(error instanceof ModelError && error.code === 'MODEL_INVALID', String(error));
      }
    }),
  );
});

test('fields that we do not know are kept', (t) => {
  const unknown = new PbfWriter();
  unknown.writeStringField(6, 'a doc string');
  const written = unknown.finish();
  const model = decodeModel(Buffer.concat([encodeModel(emptyModel), written]));
  t.deepEqual(
    model.rest.map((field) => [...field]),
    [[...written]],
  );
  t.deepEqual(decodeModel(encodeModel(model)).rest.length, 1);
});

test('a tensor that gives other bytes than it announced is refused', (t) => {
  const initializers = [{ name: 'a', type: 1, dims: [2], data: { byteLength: 8, read: () => new Uint8Array(4) } }];
  const model = { ...emptyModel, graph: { ...emptyModel.graph, initializers } };
  const error = t.throws(() => encodeModel(model), { instanceOf: ModelError });
  t.is(error.code, 'MODEL_INVALID');
});

test('a graph beyond 2 GiB is refused before its weights are read', (t) => {
  const data = { byteLength: 2 ** 31, read: () => t.fail() };
  const model = {
    ...emptyModel,
    graph: { ...emptyModel.graph, initializers: [{ name: 'a', type: 1, dims: [2 ** 29], data }] },
  };
  const error = t.throws(() => encodeModel(model), { instanceOf: ModelError });
  t.is(error.code, 'MODEL_UNSUPPORTED');
  t.regex(error.message, /2\.00 GiB/);
});

test('values are renamed within the branches of an If, and nothing else is', (t) => {
  const branch = new PbfWriter();
  branch.writeMessage(
    1,
    (_, node) => {
      node.writeStringField(1, 'input_ids');
      node.writeStringField(2, 'out');
      node.writeStringField(4, 'Identity');
    },
    undefined,
  );
  const node = new PbfWriter();
  node.writeStringField(1, 'condition');
  node.writeStringField(4, 'If');
  node.writeMessage(
    5,
    (_, attribute) => {
      attribute.writeStringField(1, 'then_branch');
      attribute.writeBytesField(6, branch.finish());
      attribute.writeVarintField(20, 5);
    },
    undefined,
  );
  const encoded = node.finish();
  const original: Node = {
    opType: 'If',
    domain: '',
    name: '',
    inputs: ['condition'],
    outputs: [],
    attributes: {},
    encoded,
  };
  const renamed = renameValues(original, new Map([['input_ids', 'ids']]));
  const text = Buffer.from(renamed.encoded ?? []).toString('latin1');
  t.true(text.includes('ids') && !text.includes('input_ids') && text.includes('condition'));
  t.deepEqual(renameValues(original, new Map([['other', 'x']])).encoded, encoded);
});

const emptyModel: Model = {
  irVersion: 8,
  producer: 'test',
  opsets: { '': 20 },
  metadata: {},
  graph: { name: 'g', nodes: [], initializers: [], inputs: [], outputs: [], rest: [] },
  rest: [],
};
