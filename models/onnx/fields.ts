/** Field numbers of onnx.proto3. */

export const modelField = { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14 } as const;

export const graphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;

export const nodeField = {
  input: 1,
  output: 2,
  name: 3,
  opType: 4,
  attribute: 5,
  domain: 7,
} as const;

export const attributeField = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  graph: 6,
  floats: 7,
  ints: 8,
  graphs: 11,
  type: 20,
} as const;

/** `AttributeProto.AttributeType`. */
export const AttributeType = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

export const tensorField = {
  dims: 1,
  type: 2,
  name: 8,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
} as const;

/** Of `ValueInfoProto` and the messages within it. */
export const valueField = {
  name: 1,
  type: 2,
  tensorType: 1,
  elementType: 1,
  shape: 2,
  dim: 1,
  dimValue: 1,
  dimName: 2,
} as const;
