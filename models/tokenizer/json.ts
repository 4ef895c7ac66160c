/** The parts of `tokenizer.json` that this project reads itself; the library reads the rest. */
export interface TokenizerJson {
  readonly added_tokens?: readonly AddedTokenJson[] | null;
  readonly normalizer?: { readonly type?: unknown; readonly [option: string]: unknown } | null;
  readonly pre_tokenizer?: { readonly type?: unknown } | null;
  readonly post_processor?: PostProcessorJson | null;
  readonly padding?: { readonly pad_id?: unknown; readonly pad_token?: unknown } | null;
  readonly model: ModelJson;
}

export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
}

export interface PostProcessorJson {
  readonly type?: unknown;
  readonly cls?: unknown;
  readonly sep?: unknown;
  readonly single?: unknown;
  readonly special_tokens?: unknown;
}

export interface ModelJson {
  readonly type?: unknown;
  readonly vocab?: unknown;
  readonly unk_token?: unknown;
  readonly continuing_subword_prefix?: unknown;
  readonly max_input_chars_per_word?: unknown;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
