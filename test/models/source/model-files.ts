import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export const bertConfig = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  intermediate_size: 16,
  vocab_size: 10,
  max_position_embeddings: 32,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};

/** Enough to be told from other bytes, and large enough to be stored by redirect. */
export const weights: Buffer = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
);

export const miniModel: Readonly<Record<string, string | Buffer>> = {
  'config.json': JSON.stringify(bertConfig),
  'tokenizer.json': '{"model":{}}',
  'tokenizer_config.json': '{}',
  'modules.json': JSON.stringify([
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
  ]),
  '1_Pooling/config.json': JSON.stringify({ word_embedding_dimension: 8, pooling_mode_cls_token: true }),
  'sentence_bert_config.json': '{"max_seq_length":24}',
  'config_sentence_transformers.json': '{"prompts":{"query":"q: ","document":""}}',
  'model.safetensors': weights,
  'pytorch_model.bin': 'never fetched',
  'README.md': 'never fetched',
};

/** An empty folder that is gone after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-models-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}
