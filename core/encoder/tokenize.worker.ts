import type { Tokens } from '../../models/contract.ts';
import { loadTokenizer } from '../../models/tokenizer/index.ts';
import { serveThread } from '../thread/serve.ts';
import { Transferred } from '../thread/transferred.ts';

/** What the tokeniser thread does. */
export interface TokenizeMethods {
  padId(): number;
  encode(texts: readonly string[], maxTokens: number): Tokens;
}

void serveThread<TokenizeMethods>(async (path) => {
  const tokenizer = await loadTokenizer(path as string);
  return {
    methods: {
      padId: () => tokenizer.padId,
      encode(texts, maxTokens) {
        const tokens = tokenizer.encode(texts, { maxTokens });
        return new Transferred(tokens, [tokens.ids.buffer, tokens.offsets.buffer]);
      },
    },
  };
});
