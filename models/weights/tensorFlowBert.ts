import { bertTensors, type Located } from './bert.ts';
import type { BertTensors } from './contract.ts';
import type { TfjsSource } from './tfjs.ts';

/** Which input of which node of Hugging Face's TF-BERT reads a tensor, the path from the model's `bert/` scope on. */
interface Use {
  readonly node: string;
  readonly input: number;
}

const tables: Readonly<Record<string, string>> = {
  word_embeddings: 'Gather',
  position_embeddings: 'Gather_1',
  token_type_embeddings: 'Gather_2',
};

/**
 * BERT's tensors in a tfjs graph-model converted from Hugging Face's `TFBertModel`. They are found by their use in the graph:
 * the converter renames variables (`unknown_0`) and may share equal ones. Kernels are `[inputs, outputs]` already.
 */
export function tensorFlowBert(source: TfjsSource): BertTensors {
  const anchor = 'embeddings/LayerNorm/batchnorm/mul';
  const scope = source.nodes.find(({ name }) => name.endsWith(`/${anchor}`))?.name.slice(0, -anchor.length) ?? '';
  return bertTensors(source, (canonical) => {
    for (const { node, input } of usesOf(canonical)) {
      const name = source.node(scope + node)?.inputs[input];
      if (name !== undefined && source.info(name)) return { name } satisfies Located;
    }
    return undefined;
  });
}

/** Candidates for a canonical name, likeliest first. */
function usesOf(canonical: string): Use[] {
  const path = canonical.replaceAll('.', '/').replace(/layer\/(\d+)/, 'layer_._$1');
  const scope = path.slice(0, path.lastIndexOf('/'));
  const isBias = path.endsWith('/bias');
  if (scope.endsWith('LayerNorm'))
    return isBias ? [{ node: `${scope}/batchnorm/sub`, input: 0 }] : [{ node: `${scope}/batchnorm/mul`, input: 1 }];
  const table = tables[scope.replace('embeddings/', '')];
  if (table) return [{ node: `embeddings/${table}`, input: 0 }];
  if (isBias)
    return [
      { node: `${scope}/BiasAdd`, input: 1 },
      { node: `${scope}/Add`, input: 1 },
    ];
  return [
    { node: `${scope}/Tensordot/MatMul`, input: 1 },
    { node: `${scope}/MatMul`, input: 1 },
  ];
}
