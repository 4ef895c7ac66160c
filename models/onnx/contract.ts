/** The parts of the ONNX format (onnx.proto3, IR version 8) that warpmap writes and reads. */

/** `TensorProto.DataType`. */
export const DataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** A dimension: a size, a name for one that is known only at run time, or `''` where even that is unknown. */
export type Dimension = number | string;

/** A named graph input, output or intermediate. `dims` is absent where the rank is unknown. */
export interface ValueInfo {
  readonly name: string;
  /** A `DataType`, or another code of the format. */
  readonly type: number;
  readonly dims?: readonly Dimension[];
}

/** Little-endian bytes that are produced when the file is written, so that only one tensor at a time is in memory twice. */
export interface TensorData {
  readonly byteLength: number;
  read(): Uint8Array;
}

/** Where a tensor's bytes lie in a file beside the model. */
export interface ExternalData {
  /** Path relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  /** Absent: up to the end of the file. */
  readonly length?: number;
}

export interface Tensor {
  readonly name: string;
  /** A `DataType`, or another code of the format. */
  readonly type: number;
  readonly dims: readonly number[];
  /** Absent where the bytes are external, or kept in a typed field that only `encoded` holds. */
  readonly data?: TensorData;
  readonly external?: ExternalData;
  /** The message as it was read; written back as it is. */
  readonly encoded?: Uint8Array;
}

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

export interface Node {
  readonly opType: string;
  /** `''` for the operators of the ONNX standard. */
  readonly domain: string;
  readonly name: string;
  /** `''` stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The message as it was read, with attributes that `Attribute` can't state; written back as it is. */
  readonly encoded?: Uint8Array;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Fields that warpmap doesn't interpret, each with its tag; written back as they are. */
  readonly rest: readonly Uint8Array[];
}

export interface Model {
  readonly irVersion: number;
  readonly producer: string;
  /** Operator set versions by domain; `''` is the ONNX standard. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: Graph;
  /** Fields that warpmap doesn't interpret, each with its tag; written back as they are. */
  readonly rest: readonly Uint8Array[];
}
