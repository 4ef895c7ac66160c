/** Writes a model as the hub lays it out, for peers that load nothing else. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalModel } from '../../models/contract.ts';
import { signature } from '../../models/graph/contract.ts';
import type { GraphForm } from '../../models/graph/encoder.ts';
import { loadEncoderGraph } from '../../models/graph/load.ts';
import { DataType, type Graph, type Model, type Node } from '../../models/onnx/contract.ts';
import { decodeModel } from '../../models/onnx/decode.ts';
import { encodeModel } from '../../models/onnx/encode.ts';
import { renameValues } from '../../models/onnx/rename.ts';

export interface HubFolderOptions {
  /** `standard`: the operators of a plain export. `fused`: those that warpmap itself runs. */
  readonly form: GraphForm;
  /** Made where it is missing. */
  readonly folder: string;
}

/** The folder holds `config.json`, `tokenizer.json`, `tokenizer_config.json` and `onnx/model.onnx` in float32. */
export async function writeHubFolder(model: LocalModel, { form, folder }: HubFolderOptions): Promise<void> {
  const { spec, tokenizer } = model;
  const config = {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_size: spec.bert?.hidden,
    num_hidden_layers: spec.bert?.layers,
    num_attention_heads: spec.bert?.heads,
    vocab_size: spec.bert?.vocabulary,
    max_position_embeddings: spec.bert?.positions,
  };
  const tokenizerConfig = {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    model_max_length: spec.maxTokens,
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  };
  const pooled = decodeModel(await loadEncoderGraph(model, { device: 'cpu', form }));
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'config.json'), JSON.stringify(config)),
    writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig)),
    copyFile(tokenizer, join(folder, 'tokenizer.json')),
    writeFile(join(folder, 'onnx/model.onnx'), encodeModel(withoutPooling(pooled))),
  ]);
}

/** The graph with the hub's inputs, up to the token vectors that it pools by their mean. */
function withoutPooling(model: Model): Model {
  const { graph } = model;
  const hidden = pooledValue(graph);
  const renamed = new Map<string, string>([
    [signature.ids, 'ids_int32'],
    [signature.lengths, 'lengths_int32'],
  ]);
  const kept = ancestorsOf(hidden, graph).map((node) => renameValues(node, renamed));
  const int32 = { to: { int: DataType.int32 } };
  const nodes: Node[] = [
    nodeOf('Cast', [signature.ids], 'ids_int32', int32),
    nodeOf('ReduceSum', ['attention_mask', 'tokens_axis'], 'lengths_int64', { keepdims: { int: 0 } }),
    nodeOf('Cast', ['lengths_int64'], 'lengths_int32', int32),
    ...kept,
    nodeOf('Identity', [hidden], 'last_hidden_state', {}),
  ];
  const axis = new Uint8Array(new BigInt64Array([1n]).buffer);
  const tokensAxis = { byteLength: axis.byteLength, read: () => axis };
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const dims = ['batch', 'tokens'];
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      initializers: [
        ...graph.initializers.filter(({ name }) => used.has(name)),
        { name: 'tokens_axis', type: DataType.int64, dims: [1], data: tokensAxis },
      ],
      inputs: [signature.ids, 'attention_mask'].map((name) => ({ name, type: DataType.int64, dims })),
      outputs: [{ name: 'last_hidden_state', type: DataType.float, dims: [...dims, 'hidden'] }],
    },
  };
}

/** Mean pooling is the last product of a weight per token with the token vectors. */
function pooledValue({ nodes }: Graph): string {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  let node = producers.get(signature.vectors);
  while (node !== undefined && node.opType !== 'MatMul') node = producers.get(node.inputs[0] ?? '');
  const hidden = node?.inputs[1];
  if (hidden === undefined) throw new Error('Expected a graph that ends in mean pooling: peers pool by the mean here.');
  return hidden;
}

/** The nodes that a value depends on, in the order of the graph. */
function ancestorsOf(value: string, { nodes }: Graph): Node[] {
  const needed = new Set([value]);
  return nodes
    .toReversed()
    .filter((node) => {
      const wanted = node.outputs.some((output) => needed.has(output));
      if (wanted) for (const input of node.inputs) needed.add(input);
      return wanted;
    })
    .toReversed();
}

function nodeOf(opType: string, inputs: readonly string[], output: string, attributes: Node['attributes']): Node {
  return { opType, domain: '', name: output, inputs, outputs: [output], attributes };
}
