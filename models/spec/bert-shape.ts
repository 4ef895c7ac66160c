import type { BertShape } from '../contract.ts';
import { ModelError } from '../errors.ts';
import { positiveInteger, type Json } from './json-file.ts';

/** Architectures that are BERT in all but name and positions. */
const robertaTypes = new Set(['roberta', 'xlm-roberta', 'camembert']);

const activations: Readonly<Record<string, BertShape['activation']>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
};

/**
 * The shape that `config.json` states, or `undefined` for an architecture that the BERT graph does not compute.
 * Throws `MODEL_INVALID` for a BERT whose config lacks or contradicts something.
 */
export function bertShape(config: Json, path: string): BertShape | undefined {
  const type = config['model_type'];
  const roberta = typeof type === 'string' && robertaTypes.has(type);
  const stated = config['hidden_act'] ?? 'gelu';
  const activation = typeof stated === 'string' ? activations[stated] : undefined;
  if ((type !== 'bert' && !roberta) || activation === undefined || isUnusual(config)) {
    return undefined;
  }
  const required = (name: string): number => {
    const value = positiveInteger(config, name);
    if (value === undefined) {
      throw new ModelError(
        'MODEL_INVALID',
        `Expected \`${name}\` in ${path} to be a positive integer, got ${JSON.stringify(config[name])}.`,
      );
    }
    return value;
  };
  const hidden = required('hidden_size');
  const heads = required('num_attention_heads');
  if (hidden % heads !== 0) {
    throw new ModelError(
      'MODEL_INVALID',
      `Expected \`hidden_size\` in ${path} to be a multiple of \`num_attention_heads\`, got ${hidden} and ${heads}.`,
    );
  }
  return {
    layers: required('num_hidden_layers'),
    heads,
    hidden,
    intermediate: required('intermediate_size'),
    vocabulary: required('vocab_size'),
    positions: required('max_position_embeddings'),
    tokenTypes: positiveInteger(config, 'type_vocab_size') ?? (roberta ? 1 : 2),
    layerNormEpsilon: typeof config['layer_norm_eps'] === 'number' ? config['layer_norm_eps'] : 1e-12,
    activation,
    firstPosition: roberta ? padTokenId(config) + 1 : 0,
  };
}

/** Variants under the same `model_type` that compute something else. */
function isUnusual(config: Json): boolean {
  return config['is_decoder'] === true || (config['position_embedding_type'] ?? 'absolute') !== 'absolute';
}

function padTokenId(config: Json): number {
  const id = config['pad_token_id'];
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : 1;
}
