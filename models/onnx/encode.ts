import { PbfWriter } from 'pbf';
import { ModelError } from '../errors.ts';
import type { Attribute, Graph, Model, Node, Tensor, TensorData, ValueInfo } from './contract.ts';
import { attributeField, AttributeType, graphField, modelField, nodeField, tensorField, valueField } from './fields.ts';
import { writeText } from './message.ts';

/** ONNX Runtime parses models with protobuf, whose messages end at 2 GiB. */
const maxBytes = 2 ** 31 - 1;
const lengthDelimited = 2;

/**
 * The bytes of a `model.onnx`. Tensors are asked for their bytes one after the other and written straight into the result.
 * Throws `MODEL_UNSUPPORTED` where the result would pass 2 GiB, the limit of protobuf.
 */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  const pieces = modelPieces(model);
  const total = sizeOf(pieces);
  if (total > maxBytes)
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected an ONNX graph of at most 2 GiB, got ${(total / 2 ** 30).toFixed(2)} GiB: protobuf can't hold it. ` +
        'Use a smaller model, or weights in float16.',
    );
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    const part = piece instanceof Uint8Array ? piece : piece.read();
    if (part.byteLength !== piece.byteLength)
      throw new ModelError(
        'MODEL_INVALID',
        `Expected a tensor to give the ${piece.byteLength} bytes that it announced, got ${part.byteLength}.`,
      );
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

type Piece = Uint8Array | TensorData;

const sizeOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);

function modelPieces(model: Model): Piece[] {
  const head = new PbfWriter();
  head.writeVarintField(modelField.irVersion, model.irVersion);
  writeText(head, modelField.producer, model.producer);
  const tail = new PbfWriter();
  for (const entry of Object.entries(model.opsets)) tail.writeMessage(modelField.opset, writeOpset, entry);
  for (const entry of Object.entries(model.metadata)) tail.writeMessage(modelField.metadata, writeMetadata, entry);
  return [head.finish(), ...message(modelField.graph, graphPieces(model.graph)), tail.finish(), ...model.rest];
}

function graphPieces(graph: Graph): Piece[] {
  const head = new PbfWriter();
  for (const node of graph.nodes) writeNode(node, head);
  writeText(head, graphField.name, graph.name);
  const tail = new PbfWriter();
  for (const input of graph.inputs) tail.writeMessage(graphField.input, writeValueInfo, input);
  for (const output of graph.outputs) tail.writeMessage(graphField.output, writeValueInfo, output);
  return [
    head.finish(),
    ...graph.initializers.flatMap((tensor) => message(graphField.initializer, tensorPieces(tensor))),
    tail.finish(),
    ...graph.rest,
  ];
}

function tensorPieces(tensor: Tensor): Piece[] {
  if (tensor.encoded) return [tensor.encoded];
  const head = new PbfWriter();
  if (tensor.dims.length > 0) head.writePackedVarint(tensorField.dims, [...tensor.dims]);
  head.writeVarintField(tensorField.type, tensor.type);
  writeText(head, tensorField.name, tensor.name);
  if (!tensor.data) return [head.finish()];
  head.writeTag(tensorField.rawData, lengthDelimited);
  head.writeVarint(tensor.data.byteLength);
  return [head.finish(), tensor.data];
}

/** A tag and length before pieces that are never joined: `writeMessage` would move the weights to make room for a length. */
function message(field: number, pieces: readonly Piece[]): Piece[] {
  const head = new PbfWriter();
  head.writeTag(field, lengthDelimited);
  head.writeVarint(sizeOf(pieces));
  return [head.finish(), ...pieces];
}

function writeNode(node: Node, writer: PbfWriter): void {
  if (node.encoded) writer.writeBytesField(graphField.node, node.encoded);
  else writer.writeMessage(graphField.node, writeNodeFields, node);
}

function writeNodeFields(node: Node, writer: PbfWriter): void {
  for (const input of node.inputs) writeText(writer, nodeField.input, input);
  for (const output of node.outputs) writeText(writer, nodeField.output, output);
  writeText(writer, nodeField.name, node.name);
  writeText(writer, nodeField.opType, node.opType);
  for (const entry of Object.entries(node.attributes)) writer.writeMessage(nodeField.attribute, writeAttribute, entry);
  writeText(writer, nodeField.domain, node.domain);
}

function writeAttribute([name, value]: [string, Attribute], writer: PbfWriter): void {
  writeText(writer, attributeField.name, name);
  if ('int' in value) {
    writer.writeVarintField(attributeField.int, value.int);
    writer.writeVarintField(attributeField.type, AttributeType.int);
  } else if ('float' in value) {
    writer.writeFloatField(attributeField.float, value.float);
    writer.writeVarintField(attributeField.type, AttributeType.float);
  } else if ('string' in value) {
    writeText(writer, attributeField.string, value.string);
    writer.writeVarintField(attributeField.type, AttributeType.string);
  } else if ('ints' in value) {
    for (const int of value.ints) writer.writeVarintField(attributeField.ints, int);
    writer.writeVarintField(attributeField.type, AttributeType.ints);
  } else {
    for (const float of value.floats) writer.writeFloatField(attributeField.floats, float);
    writer.writeVarintField(attributeField.type, AttributeType.floats);
  }
}

function writeValueInfo(info: ValueInfo, writer: PbfWriter): void {
  writeText(writer, valueField.name, info.name);
  writer.writeMessage(valueField.type, writeType, info);
}

function writeType(info: ValueInfo, writer: PbfWriter): void {
  writer.writeMessage(valueField.tensorType, writeTensorType, info);
}

function writeTensorType(info: ValueInfo, writer: PbfWriter): void {
  writer.writeVarintField(valueField.elementType, info.type);
  if (info.dims) writer.writeMessage(valueField.shape, writeShape, info.dims);
}

function writeShape(dims: NonNullable<ValueInfo['dims']>, writer: PbfWriter): void {
  for (const dim of dims) writer.writeMessage(valueField.dim, writeDimension, dim);
}

function writeDimension(dim: number | string, writer: PbfWriter): void {
  if (typeof dim === 'number') writer.writeVarintField(valueField.dimValue, dim);
  else if (dim !== '') writeText(writer, valueField.dimName, dim);
}

function writeOpset([domain, version]: [string, number], writer: PbfWriter): void {
  writeText(writer, 1, domain);
  writer.writeVarintField(2, version);
}

function writeMetadata([key, value]: [string, string], writer: PbfWriter): void {
  writeText(writer, 1, key);
  writeText(writer, 2, value);
}
