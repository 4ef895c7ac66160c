import { bertTensors } from './bert.ts';
import type { BertTensors, TensorSource } from './contract.ts';

const wordTable = 'embeddings.word_embeddings.weight';

/**
 * BERT's tensors in a checkpoint of Hugging Face's torch classes: `BertModel` and its kin (RoBERTa, XLM-R, MiniLM), bare or
 * under a prefix such as `bert.` or `model.`; layer norms may use the old names `gamma` and `beta`.
 */
export function huggingFaceBert(source: TensorSource): BertTensors {
  const prefix = source.names.find((name) => name.endsWith(wordTable))?.slice(0, -wordTable.length) ?? '';
  return bertTensors(source, (canonical) => {
    const name = prefix + canonical;
    const transposed = name.endsWith('.weight') && !/embeddings|LayerNorm/.test(canonical);
    if (source.info(name)) return { name, transposed };
    return {
      name: name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
      transposed,
    };
  });
}
