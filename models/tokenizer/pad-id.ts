import { isRecord, type TokenizerJson } from './json.ts';

const padTokens = ['[PAD]', '<pad>', '<|endoftext|>'];

/** From the padding block where there is one, else by the usual names; 0 for a tokenizer without a pad token. */
export function padId(json: TokenizerJson): number {
  if (typeof json.padding?.pad_id === 'number') {
    return json.padding.pad_id;
  }
  for (const name of padTokens) {
    const added = json.added_tokens?.find(({ content }) => content === name);
    if (added !== undefined) {
      return added.id;
    }
    const id = isRecord(json.model.vocab) ? json.model.vocab[name] : undefined;
    if (typeof id === 'number') {
      return id;
    }
  }
  return 0;
}
