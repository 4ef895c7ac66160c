import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LocalModel, ModelSpec, Pooling } from '../contract.ts';
import { ModelError } from '../errors.ts';
import type { KnownModel } from '../registry.ts';
import { bertShape } from './bert-shape.ts';
import { positiveInteger, readOptionalJson, readOptionalObject, type Json } from './json-file.ts';
import { parseModules, type Modules } from './modules.ts';
import { parsePooling } from './pooling.ts';
import { matryoshkaDimsOf, promptsOf } from './sentence-config.ts';
import { chooseWeights, locateWeights, noWeights } from './weights-files.ts';

/** Above this, `model_max_length` is a library's way to say that nobody stated it. */
const plausibleMaxTokens = 1_000_000;
/** For a model that states no length at all. */
const defaultMaxTokens = 512;

export interface ReadFolderOptions {
  /** As the user named the model. */
  readonly name: string;
  /** For people: where the folder came from. Default: the folder. */
  readonly origin?: string;
  /** Settles what the folder does not say. */
  readonly known?: KnownModel | undefined;
}

/**
 * Reads a folder in the layout of sentence-transformers or Hugging Face transformers.
 *
 * Without `modules.json` the vectors are mean-pooled and not normalised, as sentence-transformers does it, unless the
 * model is known. Throws `MODEL_NOT_FOUND` where `config.json` or `tokenizer.json` is missing, `MODEL_INVALID` where
 * files contradict themselves, `MODEL_UNSUPPORTED` for what can't be computed here.
 */
export async function readModelFolder(folder: string, options: ReadFolderOptions): Promise<LocalModel> {
  const root = resolve(folder);
  const modules = await readModules(root, options.known);
  const transformer = join(root, modules.transformer);
  const configPath = join(transformer, 'config.json');
  const config = await readOptionalObject(configPath);
  if (config === undefined) {
    throw new ModelError('MODEL_NOT_FOUND', `Expected a model's config.json in ${transformer}, found none.`);
  }
  const tokenizer = join(transformer, 'tokenizer.json');
  if (!existsSync(tokenizer)) {
    throw new ModelError(
      'MODEL_NOT_FOUND',
      `Expected tokenizer.json in ${transformer}, found none. Save the tokeniser in its fast form: AutoTokenizer.from_pretrained(…).save_pretrained(…).`,
    );
  }
  const spec = await readSpec(root, transformer, config, configPath, modules, options);
  const isBert = spec.bert !== undefined;
  const choice = chooseWeights((path) => existsSync(join(transformer, path)), isBert);
  if (choice === undefined) {
    throw noWeights(transformer, isBert, String(config['model_type']));
  }
  return {
    spec,
    weights: await locateWeights(transformer, choice),
    tokenizer,
    origin: options.origin ?? root,
  };
}

async function readModules(root: string, known: KnownModel | undefined): Promise<Modules> {
  const path = join(root, 'modules.json');
  const json = await readOptionalJson(path);
  return json === undefined
    ? { transformer: '', pooling: undefined, normalize: known?.normalize ?? false }
    : parseModules(json, path);
}

async function readSpec(
  root: string,
  transformer: string,
  config: Json,
  configPath: string,
  modules: Modules,
  { name, known }: ReadFolderOptions,
): Promise<ModelSpec> {
  const [sentenceBert, sentenceTransformers, tokenizerConfig] = await Promise.all([
    readOptionalObject(join(transformer, 'sentence_bert_config.json')),
    readOptionalObject(join(root, 'config_sentence_transformers.json')),
    readOptionalObject(join(transformer, 'tokenizer_config.json')),
  ]);
  const bert = bertShape(config, configPath);
  const dims = positiveInteger(config, 'hidden_size', 'dim', 'd_model', 'n_embd');
  if (dims === undefined) {
    throw new ModelError('MODEL_INVALID', `Expected \`hidden_size\` in ${configPath} to be a positive integer.`);
  }
  const prompts = { ...known?.prompts, ...promptsOf(sentenceTransformers) };
  const stated = matryoshkaDimsOf([sentenceTransformers, config], dims);
  const spec: ModelSpec = {
    name,
    dims,
    maxTokens: maxTokensOf(config, bert, sentenceBert, tokenizerConfig),
    pooling: await readPooling(root, modules, dims, prompts, known),
    normalize: modules.normalize,
    prompts,
    matryoshkaDims: stated.length > 0 ? stated : (known?.matryoshkaDims ?? []),
  };
  return bert === undefined ? spec : { ...spec, bert };
}

async function readPooling(
  root: string,
  modules: Modules,
  dims: number,
  prompts: Readonly<Record<string, string>>,
  known: KnownModel | undefined,
): Promise<Pooling> {
  if (modules.pooling === undefined) {
    return known?.pooling ?? 'mean';
  }
  const path = join(root, modules.pooling, 'config.json');
  const config = await readOptionalObject(path);
  if (config === undefined) {
    throw new ModelError('MODEL_NOT_FOUND', `modules.json names a pooling module, but ${path} is missing.`);
  }
  const width = positiveInteger(config, 'word_embedding_dimension', 'embedding_dimension');
  if (width !== undefined && width !== dims) {
    throw new ModelError('MODEL_INVALID', `${path} pools vectors of ${width} components; config.json says ${dims}.`);
  }
  if (config['include_prompt'] === false && Object.keys(prompts).length > 0) {
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `${path} leaves the prompt out of the pooling (\`include_prompt: false\`), which is not supported.`,
    );
  }
  return parsePooling(config, path);
}

function maxTokensOf(
  config: Json,
  bert: ModelSpec['bert'],
  sentenceBert: Json | undefined,
  tokenizerConfig: Json | undefined,
): number {
  const length = positiveInteger(tokenizerConfig ?? {}, 'model_max_length');
  const plausible = length !== undefined && length < plausibleMaxTokens ? length : undefined;
  const stated = positiveInteger(sentenceBert ?? {}, 'max_seq_length') ?? plausible;
  const room =
    bert === undefined
      ? positiveInteger(config, 'max_position_embeddings', 'n_positions')
      : bert.positions - bert.firstPosition;
  return Math.min(stated ?? room ?? defaultMaxTokens, room ?? Number.POSITIVE_INFINITY);
}
