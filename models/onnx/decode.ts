import { ModelError } from '../errors.ts';
import type { Attribute, Dimension, ExternalData, Graph, Model, Node, Tensor, ValueInfo } from './contract.ts';
import { attributeField, AttributeType, graphField, modelField, nodeField, tensorField, valueField } from './fields.ts';
import { type Field, fieldsOf, floatsOf, intsOf, textOf } from './message.ts';

/**
 * Reads a `model.onnx`. Tensors and nodes are views of `bytes`, and whatever the contract can't state is kept, so that
 * `encodeModel` writes back a model that means the same. Throws `MODEL_INVALID` where the bytes aren't an ONNX model.
 */
export function decodeModel(bytes: Uint8Array): Model {
  let irVersion = 0;
  let producer = '';
  let graph: Graph | undefined;
  const opsets: Record<string, number> = {};
  const metadata: [string, string][] = [];
  const rest: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === modelField.irVersion) irVersion = field.int;
    else if (field.number === modelField.producer) producer = textOf(field);
    else if (field.number === modelField.graph) graph = decodeGraph(field.bytes);
    else if (field.number === modelField.opset) Object.assign(opsets, decodeOpset(field.bytes));
    else if (field.number === modelField.metadata) metadata.push(decodeMetadata(field.bytes));
    else rest.push(field.encoded);
  }
  if (!graph)
    throw new ModelError(
      'MODEL_INVALID',
      `Expected an ONNX model with a graph, got ${bytes.length} bytes without one.`,
    );
  return { irVersion, producer, opsets, metadata: Object.fromEntries(metadata), graph, rest };
}

function decodeGraph(bytes: Uint8Array): Graph {
  let name = '';
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const rest: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === graphField.node) nodes.push(decodeNode(field.bytes));
    else if (field.number === graphField.name) name = textOf(field);
    else if (field.number === graphField.initializer) initializers.push(decodeTensor(field.bytes));
    else if (field.number === graphField.input) inputs.push(decodeValueInfo(field.bytes));
    else if (field.number === graphField.output) outputs.push(decodeValueInfo(field.bytes));
    else rest.push(field.encoded);
  }
  return { name, nodes, initializers, inputs, outputs, rest };
}

function decodeNode(bytes: Uint8Array): Node {
  let opType = '';
  let domain = '';
  let name = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, Attribute][] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === nodeField.input) inputs.push(textOf(field));
    else if (field.number === nodeField.output) outputs.push(textOf(field));
    else if (field.number === nodeField.name) name = textOf(field);
    else if (field.number === nodeField.opType) opType = textOf(field);
    else if (field.number === nodeField.domain) domain = textOf(field);
    else if (field.number === nodeField.attribute) attributes.push(...decodeAttribute(field.bytes));
  }
  return {
    opType,
    domain,
    name,
    inputs,
    outputs,
    attributes: Object.fromEntries(attributes),
    encoded: bytes,
  };
}

/** One entry, or none for an attribute of another kind (a tensor or graph), which stays in the node's `encoded`. */
function decodeAttribute(bytes: Uint8Array): [string, Attribute][] {
  const fields = fieldsOf(bytes);
  const last = (number: number): Field | undefined => fields.findLast((field) => field.number === number);
  const all = (number: number): Field[] => fields.filter((field) => field.number === number);
  const nameField = last(attributeField.name);
  const name = nameField ? textOf(nameField) : '';
  switch (last(attributeField.type)?.int) {
    case AttributeType.int:
      return [[name, { int: last(attributeField.int)?.int ?? 0 }]];
    case AttributeType.float:
      return [[name, { float: last(attributeField.float)?.float ?? 0 }]];
    case AttributeType.string: {
      const value = last(attributeField.string);
      return [[name, { string: value ? textOf(value) : '' }]];
    }
    case AttributeType.ints:
      return [[name, { ints: all(attributeField.ints).flatMap(intsOf) }]];
    case AttributeType.floats:
      return [[name, { floats: all(attributeField.floats).flatMap(floatsOf) }]];
    default:
      return [];
  }
}

function decodeTensor(bytes: Uint8Array): Tensor {
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  let isExternal = false;
  const dims: number[] = [];
  const external: [string, string][] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === tensorField.dims) dims.push(...intsOf(field));
    else if (field.number === tensorField.type) type = field.int;
    else if (field.number === tensorField.name) name = textOf(field);
    else if (field.number === tensorField.rawData) raw = field.bytes;
    else if (field.number === tensorField.externalData) external.push(decodeMetadata(field.bytes));
    else if (field.number === tensorField.dataLocation) isExternal = field.int === 1;
  }
  return {
    name,
    type,
    dims,
    ...(raw && { data: { byteLength: raw.byteLength, read: () => raw } }),
    ...(isExternal && { external: externalData(name, new Map(external)) }),
    encoded: bytes,
  };
}

function externalData(tensor: string, entries: ReadonlyMap<string, string>): ExternalData {
  const location = entries.get('location');
  const offset = Number(entries.get('offset') ?? 0);
  const length = entries.has('length') ? Number(entries.get('length')) : undefined;
  const valid = [offset, length ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!location || !valid)
    throw new ModelError(
      'MODEL_INVALID',
      `Expected the external data of tensor \`${tensor}\` to have a location and whole offset and length, ` +
        `got ${JSON.stringify(Object.fromEntries(entries))}.`,
    );
  return { location, offset, ...(length !== undefined && { length }) };
}

function decodeValueInfo(bytes: Uint8Array): ValueInfo {
  let name = '';
  let type: Omit<ValueInfo, 'name'> = { type: 0 };
  for (const field of fieldsOf(bytes))
    if (field.number === valueField.name) name = textOf(field);
    else if (field.number === valueField.type)
      for (const kind of fieldsOf(field.bytes))
        if (kind.number === valueField.tensorType) type = decodeTensorType(kind.bytes);
  return { name, ...type };
}

function decodeTensorType(bytes: Uint8Array): Omit<ValueInfo, 'name'> {
  let type = 0;
  let dims: Dimension[] | undefined;
  for (const field of fieldsOf(bytes))
    if (field.number === valueField.elementType) type = field.int;
    else if (field.number === valueField.shape)
      dims = fieldsOf(field.bytes)
        .filter(({ number }) => number === valueField.dim)
        .map(decodeDimension);
  return { type, ...(dims && { dims }) };
}

function decodeDimension(field: Field): Dimension {
  let dimension: Dimension = '';
  for (const part of fieldsOf(field.bytes))
    if (part.number === valueField.dimValue) dimension = part.int;
    else if (part.number === valueField.dimName) dimension = textOf(part);
  return dimension;
}

function decodeOpset(bytes: Uint8Array): Record<string, number> {
  let domain = '';
  let version = 0;
  for (const field of fieldsOf(bytes))
    if (field.number === 1) domain = textOf(field);
    else if (field.number === 2) version = field.int;
  // `ai.onnx` is the long name of the standard domain.
  return { [domain === 'ai.onnx' ? '' : domain]: version };
}

/** A `StringStringEntryProto`. */
function decodeMetadata(bytes: Uint8Array): [string, string] {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes))
    if (field.number === 1) key = textOf(field);
    else if (field.number === 2) value = textOf(field);
  return [key, value];
}
