/** The contract of models/weights: named tensors in files, of whatever format. */

export interface TensorInfo {
  /** As the file names it, such as `F16` or `float32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Named tensors in open files. Reading is synchronous: it serves a graph writer that asks for one tensor at a time. */
export interface TensorSource extends AsyncDisposable {
  /** For messages: the file or folder. */
  readonly origin: string;
  readonly names: readonly string[];
  /** `undefined` where there is no tensor of that name. */
  info(name: string): TensorInfo | undefined;
  /**
   * Row-major float32 values. Throws `MODEL_INVALID` for an unknown name or bytes that are missing, and
   * `MODEL_UNSUPPORTED` for a dtype that isn't floating-point.
   */
  read(name: string): Float32Array<ArrayBuffer>;
}

/** Float32 values that are read when they are needed; their shape was checked already. */
export interface LazyTensor {
  readonly shape: readonly number[];
  read(): Float32Array<ArrayBuffer>;
}

/** The parts of a BERT-class encoder under the names of Hugging Face's `BertModel`, whatever the file calls them. */
export interface BertTensors {
  /** A table or vector. Throws `MODEL_INVALID` where it is missing or has another shape. */
  tensor(name: string, shape: readonly number[]): LazyTensor;
  /** A linear layer's weight as `[inputs, outputs]`, whichever way the file holds it. */
  kernel(name: string, inputs: number, outputs: number): LazyTensor;
}
