import { ModelError } from '../errors.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { DataType, type Model, type ValueInfo } from '../onnx/contract.ts';
import { decodeModel } from '../onnx/decode.ts';
import { encodeModel } from '../onnx/encode.ts';
import { renameValues } from '../onnx/rename.ts';
import { type PoolingSpec, signature } from './contract.ts';
import { normalize, pool, type Rows, tokenMask } from './pooling.ts';

const prefix = 'warpmap.';
/** Range came with operator set 11. */
const oldestOpset = 11;

/** Vectors of tokens, to be pooled. */
const tokenOutputs = ['last_hidden_state', 'token_embeddings'];
/** Vectors of texts, pooled by the graph itself. */
const textOutputs = ['sentence_embedding'];

/**
 * Gives a Hugging Face encoder's `model.onnx` the inputs and output of `signature`. Of its outputs `sentence_embedding` is taken
 * as it is, and else `last_hidden_state` pooled by the spec's pooling; both are normalised where the spec says so.
 * References to external data (`model.onnx_data`) stay as they are, relative to the folder of the original.
 * Throws `MODEL_INVALID` where the bytes aren't an ONNX model, and `MODEL_UNSUPPORTED` where it asks for inputs other than
 * `input_ids`, `attention_mask` and `token_type_ids`, or has no such output.
 */
export function poolExistingGraph(onnx: Uint8Array, spec: PoolingSpec): Uint8Array<ArrayBuffer> {
  return encodeModel(poolModel(decodeModel(onnx), spec));
}

/** The same on a decoded model. */
export function poolModel(model: Model, spec: PoolingSpec): Model {
  const opset = model.opsets[''] ?? 0;
  if (opset < oldestOpset)
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected an ONNX graph of operator set ${oldestOpset} or later, got ${opset}. Export the model anew.`,
    );
  const names = new Map(Object.values(signature).map((name) => [name, prefix + name] as const));
  const graph = new GraphBuilder({ opset, prefix });
  const rows: Rows = {
    ids: graph.input(signature.ids, DataType.int32, ['batch', 'tokens']),
    lengths: graph.input(signature.lengths, DataType.int32, ['batch']),
  };
  const isWeight = new Set(model.graph.initializers.map(({ name }) => name));
  for (const input of model.graph.inputs) if (!isWeight.has(input.name)) feed(graph, rows, input, names);
  const heads = graph.nodes.length;
  const pooled = poolOutput(graph, rows, model.graph.outputs, spec, names);
  const vectors = spec.normalize ? normalize(graph, pooled) : pooled;
  graph.node('Identity', [vectors], { name: signature.vectors });
  graph.output(signature.vectors, DataType.float, ['batch', spec.dims]);
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [
        ...graph.nodes.slice(0, heads),
        ...model.graph.nodes.map((node) => renameValues(node, names)),
        ...graph.nodes.slice(heads),
      ],
      initializers: [...model.graph.initializers, ...graph.initializers],
      // Before IR version 4 initializers had to be inputs too.
      inputs: [...graph.inputs, ...model.graph.inputs.filter(({ name }) => isWeight.has(name))],
      outputs: graph.outputs,
    },
  };
}

/** Makes the value of one of the original's inputs under its name, or its new name where `signature` took that. */
function feed(graph: GraphBuilder, rows: Rows, input: ValueInfo, names: ReadonlyMap<string, string>): void {
  const name = names.get(input.name) ?? input.name;
  const cast = (value: string): void => {
    graph.node('Cast', [value], { name, attributes: { to: { int: input.type } } });
  };
  switch (input.name) {
    case 'input_ids':
      return cast(rows.ids);
    case 'attention_mask':
      return cast(tokenMask(graph, rows));
    case 'token_type_ids':
      // Texts are embedded one by one: every token is of the first.
      return cast(graph.node('Mul', [rows.ids, graph.int32(0)]));
    default:
      throw new ModelError(
        'MODEL_UNSUPPORTED',
        `Expected an ONNX graph with the inputs input_ids, attention_mask and token_type_ids, got the input ${input.name}: ` +
          'it is no text encoder, or was exported for generation. Export it for feature extraction.',
      );
  }
}

function poolOutput(
  graph: GraphBuilder,
  rows: Rows,
  outputs: readonly ValueInfo[],
  spec: PoolingSpec,
  names: ReadonlyMap<string, string>,
): string {
  const named = (candidates: readonly string[]): ValueInfo | undefined =>
    outputs.find(({ name }) => candidates.includes(name));
  const only = outputs.length === 1 ? outputs[0] : undefined;
  const texts = named(textOutputs) ?? (only?.dims?.length === 2 ? only : undefined);
  const tokens = named(tokenOutputs) ?? (only?.dims?.length === 3 ? only : undefined);
  const output = texts ?? tokens;
  if (!output)
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected an ONNX graph with the output sentence_embedding or last_hidden_state, ` +
        `got ${outputs.map(({ name }) => name).join(', ')}. Export the model for feature extraction.`,
    );
  const width = output.dims?.at(-1);
  if (typeof width === 'number' && width !== spec.dims)
    throw new ModelError(
      'MODEL_INVALID',
      `Expected vectors of ${spec.dims} dims from the ONNX graph's ${output.name}, got ${width}.`,
    );
  const name = names.get(output.name) ?? output.name;
  const value =
    output.type === DataType.float ? name : graph.node('Cast', [name], { attributes: { to: { int: DataType.float } } });
  return output === texts ? value : pool(graph, rows, value, spec.pooling);
}
