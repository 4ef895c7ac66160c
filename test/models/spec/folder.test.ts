import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { knownModel } from '../../../models/registry.ts';
import { readModelFolder } from '../../../models/spec/index.ts';

type Files = Readonly<Record<string, unknown>>;

const bert = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 384,
  num_attention_heads: 12,
  num_hidden_layers: 6,
  intermediate_size: 1536,
  vocab_size: 30_522,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};
const module = (kind: string, path: string): object => ({ path, type: `sentence_transformers.models.${kind}` });
const transformer = module('Transformer', '');
const pooling = module('Pooling', '1_Pooling');

/** The control: a sentence-transformers folder that loads. */
const control: Files = {
  'config.json': bert,
  'tokenizer.json': {},
  'tokenizer_config.json': { model_max_length: 512 },
  'modules.json': [transformer, pooling, module('Normalize', '2_Normalize')],
  '1_Pooling/config.json': { word_embedding_dimension: 384, pooling_mode_mean_tokens: true },
  'sentence_bert_config.json': { max_seq_length: 256 },
  'model.safetensors': 'weights',
};

/** Writes the files; one that is `undefined` is left out. */
async function folderOf(t: ExecutionContext, files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-spec-'));
  t.teardown(async () => rm(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    if (content !== undefined) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
  }
  return folder;
}

test('a sentence-transformers folder is read whole', async (t) => {
  const folder = await folderOf(t, control);
  t.deepEqual(await readModelFolder(folder, { name: 'mine' }), {
    spec: {
      name: 'mine',
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
    weights: { format: 'safetensors', paths: [join(folder, 'model.safetensors')] },
    tokenizer: join(folder, 'tokenizer.json'),
    origin: folder,
  });
});

const variations: readonly (readonly [what: string, change: Files, expected: object])[] = [
  ['CLS pooling', { '1_Pooling/config.json': { pooling_mode_cls_token: true } }, { pooling: 'cls' }],
  ['max pooling', { '1_Pooling/config.json': { pooling_mode_max_tokens: true } }, { pooling: 'max' }],
  ['last-token pooling', { '1_Pooling/config.json': { pooling_mode_lasttoken: true } }, { pooling: 'lastToken' }],
  ['pooling named in one word', { '1_Pooling/config.json': { pooling_mode: 'cls' } }, { pooling: 'cls' }],
  ['no Normalize module', { 'modules.json': [transformer, pooling] }, { normalize: false }],
  [
    'no length stated but the positions',
    { 'sentence_bert_config.json': undefined, 'tokenizer_config.json': undefined },
    { maxTokens: 512 },
  ],
  [
    'a length of the tokeniser only',
    { 'sentence_bert_config.json': undefined, 'tokenizer_config.json': { model_max_length: 128 } },
    { maxTokens: 128 },
  ],
  [
    'a length that nobody meant',
    { 'sentence_bert_config.json': undefined, 'tokenizer_config.json': { model_max_length: 1e30 } },
    { maxTokens: 512 },
  ],
  ['a length beyond the positions', { 'sentence_bert_config.json': { max_seq_length: 4096 } }, { maxTokens: 512 }],
  [
    'prompts',
    { 'config_sentence_transformers.json': { prompts: { query: 'query: ', document: '' } } },
    { prompts: { query: 'query: ' } },
  ],
  [
    'Matryoshka lengths',
    { 'config.json': { ...bert, matryoshka_dimensions: [64, 384, 128, 999] } },
    { matryoshkaDims: [384, 128, 64] },
  ],
  ['no modules', { 'modules.json': undefined }, { pooling: 'mean', normalize: false }],
];

for (const [what, change, expected] of variations) {
  test(`${what}: ${JSON.stringify(expected)}`, async (t) => {
    const folder = await folderOf(t, { ...control, ...change });
    t.like((await readModelFolder(folder, { name: 'mine' })).spec, expected);
  });
}

test('a transformer in a folder of its own is read there', async (t) => {
  const folder = await folderOf(t, {
    'modules.json': [module('Transformer', '0_Transformer'), pooling],
    '1_Pooling/config.json': control['1_Pooling/config.json'],
    '0_Transformer/config.json': bert,
    '0_Transformer/tokenizer.json': {},
    '0_Transformer/sentence_bert_config.json': { max_seq_length: 64 },
    '0_Transformer/model.safetensors': 'weights',
  });
  const model = await readModelFolder(folder, { name: 'mine' });
  t.is(model.spec.maxTokens, 64);
  t.is(model.tokenizer, join(folder, '0_Transformer/tokenizer.json'));
});

test('RoBERTa’s positions begin after its pad id, and its length is what is left', async (t) => {
  const config = {
    ...bert,
    model_type: 'xlm-roberta',
    max_position_embeddings: 514,
    pad_token_id: 1,
    type_vocab_size: 1,
  };
  const folder = await folderOf(t, { ...control, 'config.json': config, 'sentence_bert_config.json': undefined });
  const { spec } = await readModelFolder(folder, { name: 'mine' });
  t.like(spec.bert, { firstPosition: 2, positions: 514, tokenTypes: 1 });
  t.is(spec.maxTokens, 512);
});

test('a known model without modules.json is pooled as it was trained, with its prompts', async (t) => {
  const folder = await folderOf(t, { ...control, 'modules.json': undefined });
  const { spec } = await readModelFolder(folder, { name: 'mine', known: knownModel('bge-small-en-v1.5') });
  t.like(spec, { pooling: 'cls', normalize: true });
  t.regex(spec.prompts['query'] ?? '', /^Represent this sentence/);
});

const others = [
  ['another architecture', { model_type: 'mpnet' }],
  ['relative positions', { position_embedding_type: 'relative_key' }],
  ['a decoder', { is_decoder: true }],
  ['another activation', { hidden_act: 'swish' }],
] as const;

for (const [what, change] of others) {
  test(`${what} has no BERT shape and needs its own ONNX graph`, async (t) => {
    const files = { ...control, 'config.json': { ...bert, ...change } };
    await t.throwsAsync(readModelFolder(await folderOf(t, files), { name: 'mine' }), {
      code: 'MODEL_UNSUPPORTED',
      message: /only from its own ONNX graph/,
    });
    const folder = await folderOf(t, { ...files, 'onnx/model.onnx': 'graph' });
    const model = await readModelFolder(folder, { name: 'mine' });
    t.is(model.spec.bert, undefined);
    t.deepEqual(model.weights, { format: 'onnx', path: join(folder, 'onnx/model.onnx') });
  });
}

test('safetensors come before ONNX for a BERT, whose graph is then our own', async (t) => {
  const folder = await folderOf(t, { ...control, 'onnx/model.onnx': 'graph' });
  t.is((await readModelFolder(folder, { name: 'mine' })).weights.format, 'safetensors');
});

const refusals: readonly (readonly [what: string, change: Files, code: string, message: RegExp])[] = [
  [
    'a Dense module',
    { 'modules.json': [transformer, pooling, module('Dense', '2_Dense')] },
    'MODEL_UNSUPPORTED',
    /has a Dense module \(2_Dense\)/,
  ],
  [
    'two pooling modes',
    { '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true } },
    'MODEL_UNSUPPORTED',
    /cls_token \+ mean_tokens/,
  ],
  [
    'a pooling mode of another kind',
    { '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } },
    'MODEL_UNSUPPORTED',
    /weightedmean_tokens/,
  ],
  ['no pooling mode', { '1_Pooling/config.json': {} }, 'MODEL_UNSUPPORTED', /no pooling mode/],
  [
    'pooling of another width',
    { '1_Pooling/config.json': { word_embedding_dimension: 8, pooling_mode_mean_tokens: true } },
    'MODEL_INVALID',
    /8 components; config\.json says 384/,
  ],
  ['a missing pooling config', { '1_Pooling/config.json': undefined }, 'MODEL_NOT_FOUND', /names a pooling module/],
  [
    'prompts that pooling leaves out',
    {
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true, include_prompt: false },
      'config_sentence_transformers.json': { prompts: { query: 'q: ' } },
    },
    'MODEL_UNSUPPORTED',
    /include_prompt/,
  ],
  ['no transformer', { 'modules.json': [pooling] }, 'MODEL_UNSUPPORTED', /no Transformer module/],
  ['modules that are no list', { 'modules.json': {} }, 'MODEL_INVALID', /list of modules/],
  ['no config', { 'config.json': undefined }, 'MODEL_NOT_FOUND', /config\.json/],
  ['a config that is not JSON', { 'config.json': '{' }, 'MODEL_INVALID', /not JSON/],
  ['a config that is no object', { 'config.json': [] }, 'MODEL_INVALID', /JSON object/],
  [
    'a width that is no number',
    { 'config.json': { ...bert, hidden_size: '384' } },
    'MODEL_INVALID',
    /`hidden_size`.*got "384"/,
  ],
  [
    'heads that do not divide the width',
    { 'config.json': { ...bert, num_attention_heads: 7 } },
    'MODEL_INVALID',
    /multiple of/,
  ],
  ['no tokeniser', { 'tokenizer.json': undefined }, 'MODEL_NOT_FOUND', /tokenizer\.json/],
  ['no weights', { 'model.safetensors': undefined }, 'MODEL_UNSUPPORTED', /neither model\.safetensors nor/],
  [
    'an index of no files',
    { 'model.safetensors': undefined, 'model.safetensors.index.json': {} },
    'MODEL_INVALID',
    /weight_map/,
  ],
  [
    'an index that leaves the folder',
    { 'model.safetensors': undefined, 'model.safetensors.index.json': { weight_map: { a: '../x' } } },
    'MODEL_INVALID',
    /beside it/,
  ],
];

for (const [what, change, code, message] of refusals) {
  test(`${what}: ${code}`, async (t) => {
    const folder = await folderOf(t, { ...control, ...change });
    await t.throwsAsync(readModelFolder(folder, { name: 'mine' }), { name: 'ModelError', code, message });
  });
}
