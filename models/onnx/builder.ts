import {
  type Attribute,
  DataType,
  type Dimension,
  type Graph,
  type Model,
  type Node,
  type Tensor,
  type TensorData,
  type ValueInfo,
} from './contract.ts';

export const microsoft = 'com.microsoft';

export interface NodeOptions {
  /** Default: the ONNX standard. */
  readonly domain?: string;
  /** Of the node and its first output. Default: a name made of the operator and a number. */
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Number of outputs, all but the first of which are left unused. Default: 1. */
  readonly outputs?: number;
}

export interface BuilderOptions {
  /** Version of the standard operators. */
  readonly opset: number;
  /** Put before every name that the builder makes, so that it can't meet one of a graph that is being extended. */
  readonly prefix?: string;
}

/** Collects the parts of a graph; every method that makes a value returns its name. */
export class GraphBuilder {
  readonly opset: number;
  readonly inputs: ValueInfo[] = [];
  readonly outputs: ValueInfo[] = [];
  readonly nodes: Node[] = [];
  readonly initializers: Tensor[] = [];
  readonly #prefix: string;
  readonly #constants = new Map<string, string>();

  constructor({ opset, prefix = '' }: BuilderOptions) {
    this.opset = opset;
    this.#prefix = prefix;
  }

  input(name: string, type: DataType, dims: readonly Dimension[]): string {
    this.inputs.push({ name, type, dims });
    return name;
  }

  output(name: string, type: DataType, dims: readonly Dimension[]): void {
    this.outputs.push({ name, type, dims });
  }

  /** A float32 tensor of weights. */
  weights(name: string, dims: readonly number[], data: TensorData): string {
    this.initializers.push({ name: this.#prefix + name, type: DataType.float, dims, data });
    return this.#prefix + name;
  }

  uint8(values: number | readonly number[]): string {
    return this.#constant('uint8', DataType.uint8, values, (list) => new Uint8Array(list));
  }

  int32(values: number | readonly number[]): string {
    return this.#constant('int32', DataType.int32, values, (list) => new Int32Array(list));
  }

  int64(values: number | readonly number[]): string {
    return this.#constant('int64', DataType.int64, values, (list) => new BigInt64Array(list.map(BigInt)));
  }

  float(values: number | readonly number[]): string {
    return this.#constant('float', DataType.float, values, (list) => new Float32Array(list));
  }

  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const name = options.name ?? `${this.#prefix}${opType}_${this.nodes.length}`;
    const { domain = '', attributes = {} } = options;
    const unused = Array.from({ length: (options.outputs ?? 1) - 1 }, (_, index) => `${name}_unused_${index}`);
    this.nodes.push({ opType, domain, name, inputs, outputs: [name, ...unused], attributes });
    return name;
  }

  graph(name: string): Graph {
    const { nodes, initializers, inputs, outputs } = this;
    return { name, nodes, initializers, inputs, outputs, rest: [] };
  }

  model(name: string, metadata: Readonly<Record<string, string>> = {}): Model {
    const contrib = this.nodes.some(({ domain }) => domain === microsoft);
    return {
      irVersion: 8,
      producer: 'warpmap',
      opsets: { '': this.opset, ...(contrib && { [microsoft]: 1 }) },
      metadata,
      graph: this.graph(name),
      rest: [],
    };
  }

  /** A scalar, or a vector; equal constants are one initializer. */
  #constant(
    kind: string,
    type: DataType,
    values: number | readonly number[],
    pack: (list: readonly number[]) => ArrayBufferView<ArrayBuffer>,
  ): string {
    const key = `${kind}:${JSON.stringify(values)}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}constant_${this.#constants.size}`;
    const { buffer, byteLength } = pack(typeof values === 'number' ? [values] : values);
    const dims = typeof values === 'number' ? [] : [values.length];
    this.initializers.push({
      name,
      type,
      dims,
      data: { byteLength, read: () => new Uint8Array(buffer) },
    });
    this.#constants.set(key, name);
    return name;
  }
}
