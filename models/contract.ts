/** The contract of models/: what a model is, where its files lie, and how text becomes tokens. */

export type Pooling = 'mean' | 'cls' | 'lastToken' | 'max';

/** The shape of a BERT-class encoder, as its `config.json` states it. */
export interface BertShape {
  readonly layers: number;
  readonly heads: number;
  /** Width of the residual stream. */
  readonly hidden: number;
  /** Width of the feed-forward layer. */
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Rows of the position table. */
  readonly positions: number;
  readonly tokenTypes: number;
  readonly layerNormEpsilon: number;
  readonly activation: 'gelu' | 'gelu_tanh' | 'relu';
  /** First position id: 0 for BERT, `pad id + 1` for RoBERTa. */
  readonly firstPosition: number;
}

/** Everything about a text encoder except its weights. */
export interface ModelSpec {
  /** As the user named it, such as `all-MiniLM-L6-v2`. */
  readonly name: string;
  /** Components of one output vector. */
  readonly dims: number;
  /** Longest input in tokens, special tokens included. */
  readonly maxTokens: number;
  readonly pooling: Pooling;
  /** Whether vectors leave with L2 norm 1. */
  readonly normalize: boolean;
  /** Prefixes by name, such as `{ query: 'query: ', document: 'passage: ' }`; empty for most models. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Lengths to which vectors may be truncated, longest first; empty if the model was not trained for it. */
  readonly matryoshkaDims: readonly number[];
  /** Absent for architectures that load only from their own ONNX graph. */
  readonly bert?: BertShape;
}

/** Where the weights lie. All paths are absolute. */
export type Weights =
  | { readonly format: 'onnx'; readonly path: string }
  | { readonly format: 'safetensors'; readonly paths: readonly string[] }
  | { readonly format: 'tfjs'; readonly path: string };

/** A model whose files are on this machine. Plain data: it crosses threads. */
export interface LocalModel {
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Path of `tokenizer.json`. */
  readonly tokenizer: string;
  /** For people: the folder, repository and revision, or package and version it came from. */
  readonly origin: string;
}

/** Token ids of many texts, ragged: text `i` is `ids.subarray(offsets[i], offsets[i + 1])`. */
export interface Tokens {
  readonly ids: Int32Array<ArrayBuffer>;
  /** Length: number of texts + 1. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** Texts that were cut at `maxTokens`. */
  readonly truncated: number;
}

export interface Tokenizer {
  readonly padId: number;
  /** Special tokens included; each text cut to `maxTokens`, keeping the closing special token. */
  encode(texts: readonly string[], options: { readonly maxTokens: number }): Tokens;
}
