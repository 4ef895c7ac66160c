import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import type { Tokenizer, Tokens } from '../contract.ts';
import { checkMaxTokens, checkText } from './arguments.ts';
import type { TokenizerJson } from './json.ts';
import { padId } from './pad-id.ts';
import { TokenSink } from './token-sink.ts';

/** As the library is; its own types don't resolve under `nodenext`. */
interface Library {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] };
}
const Library = HuggingFaceTokenizer as unknown as new (json: object, config: object) => Library;

/** Every tokeniser that is not a plain WordPiece, through `@huggingface/tokenizers`. */
export class LibraryTokenizer implements Tokenizer {
  readonly padId: number;
  readonly #library: Library;
  readonly #sink = new TokenSink();
  readonly #prefix: number;
  readonly #suffix: number;

  /** `config` is the content of `tokenizer_config.json`, or `{}`. */
  constructor(json: TokenizerJson, config: object) {
    this.padId = padId(json);
    // Batches are padded and cut elsewhere, by the length that the caller asks for.
    this.#library = new Library({ ...json, padding: null, truncation: null }, config);
    const bare = this.#ids('a', false);
    const framed = this.#ids('a', true);
    this.#prefix = Math.max(0, indexOfRun(framed, bare));
    this.#suffix = Math.max(0, framed.length - bare.length - this.#prefix);
  }

  encode(texts: readonly string[], options: { readonly maxTokens: number }): Tokens {
    const maxTokens = checkMaxTokens(options.maxTokens, this.#prefix + this.#suffix);
    const sink = this.#sink;
    sink.begin(texts.length);
    for (let index = 0; index < texts.length; index += 1) {
      // A lone surrogate counts as U+FFFD, as in any UTF-8 encoder.
      const ids = this.#ids(checkText(texts[index], index).toWellFormed(), true);
      const cut = ids.length > maxTokens;
      const kept = cut ? [...ids.slice(0, maxTokens - this.#suffix), ...ids.slice(ids.length - this.#suffix)] : ids;
      sink.reserve(kept.length);
      sink.ids.set(kept, sink.length);
      sink.length += kept.length;
      sink.endText(cut);
    }
    return sink.finish();
  }

  #ids(text: string, specialTokens: boolean): readonly number[] {
    return this.#library.encode(text, { add_special_tokens: specialTokens }).ids;
  }
}

/** Where `part` begins in `whole`, or −1. */
function indexOfRun(whole: readonly number[], part: readonly number[]): number {
  for (let start = 0; start + part.length <= whole.length; start += 1) {
    if (part.every((id, offset) => whole[start + offset] === id)) {
      return start;
    }
  }
  return -1;
}
