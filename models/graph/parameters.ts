import type { BertShape } from '../contract.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { TensorData } from '../onnx/contract.ts';
import type { BertTensors, LazyTensor } from '../weights/contract.ts';

export interface Norm {
  readonly gamma: string;
  readonly beta: string;
}

export interface Linear {
  /** [inputs, outputs]. */
  readonly kernel: string;
  readonly bias: string;
}

/** Puts an encoder's weights into a graph under readable names; each method returns the names of initializers. */
export class Parameters {
  readonly #graph: GraphBuilder;
  readonly #tensors: BertTensors;
  readonly #shape: BertShape;

  constructor(graph: GraphBuilder, tensors: BertTensors, shape: BertShape) {
    this.#graph = graph;
    this.#tensors = tensors;
    this.#shape = shape;
  }

  words(): string {
    const { vocabulary, hidden } = this.#shape;
    return this.#add('words', this.#tensors.tensor('embeddings.word_embeddings.weight', [vocabulary, hidden]));
  }

  /**
   * Row `i` is what position `i` of a text adds to a word: the position's vector and that of token type 0, since texts are
   * embedded one by one and never as pairs. Starts at the model's first position, which is not 0 for RoBERTa.
   */
  positions(): string {
    const { positions, hidden, tokenTypes, firstPosition } = this.#shape;
    const table = this.#tensors.tensor('embeddings.position_embeddings.weight', [positions, hidden]);
    const types =
      tokenTypes > 0
        ? this.#tensors.tensor('embeddings.token_type_embeddings.weight', [tokenTypes, hidden])
        : undefined;
    return this.#add('positions', {
      shape: [positions - firstPosition, hidden],
      read() {
        const rows = table.read().slice(firstPosition * hidden);
        const type = types?.read();
        if (type) for (let index = 0; index < rows.length; index++) rows[index]! += type[index % hidden]!;
        return rows;
      },
    });
  }

  norm(name: string): Norm {
    const { hidden } = this.#shape;
    return {
      gamma: this.#add(`${name}.gamma`, this.#tensors.tensor(`${name}.weight`, [hidden])),
      beta: this.#add(`${name}.beta`, this.#tensors.tensor(`${name}.bias`, [hidden])),
    };
  }

  linear(name: string, inputs: number, outputs: number): Linear {
    return {
      kernel: this.#add(`${name}.kernel`, this.#tensors.kernel(`${name}.weight`, inputs, outputs)),
      bias: this.#add(`${name}.bias`, this.#tensors.tensor(`${name}.bias`, [outputs])),
    };
  }

  /** Layers of the same inputs side by side, as one layer. */
  joined(name: string, parts: readonly string[], inputs: number, outputs: number): Linear {
    const kernels = parts.map((part) => this.#tensors.kernel(`${part}.weight`, inputs, outputs));
    const biases = parts.map((part) => this.#tensors.tensor(`${part}.bias`, [outputs]));
    const width = parts.length * outputs;
    return {
      kernel: this.#add(`${name}.kernel`, {
        shape: [inputs, width],
        read: () => sideBySide(kernels, inputs, outputs),
      }),
      bias: this.#add(`${name}.bias`, {
        shape: [width],
        read: () => sideBySide(biases, 1, outputs),
      }),
    };
  }

  #add(name: string, tensor: LazyTensor): string {
    return this.#graph.weights(name, tensor.shape, dataOf(tensor));
  }
}

/** `rows × columns` matrices joined along their rows. */
function sideBySide(parts: readonly LazyTensor[], rows: number, columns: number): Float32Array<ArrayBuffer> {
  const width = parts.length * columns;
  const joined = new Float32Array(rows * width);
  for (const [index, part] of parts.entries()) {
    const values = part.read();
    for (let row = 0; row < rows; row++)
      joined.set(values.subarray(row * columns, (row + 1) * columns), row * width + index * columns);
  }
  return joined;
}

const dataOf = (tensor: LazyTensor): TensorData => ({
  byteLength: tensor.shape.reduce((product, size) => product * size, 4),
  read() {
    const { buffer, byteOffset, byteLength } = tensor.read();
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
});
