import type { LocalModel, Tokens } from '../../models/contract.ts';
import type { EmbedOptions, Vectors } from '../contract.ts';
import { CoreError } from '../errors.ts';
import type { Session } from '../runtime/contract.ts';
import { startThread } from '../thread/start.ts';
import type { Thread } from '../thread/contract.ts';
import { distinctTexts } from './distinct.ts';
import { padBatch } from './pad.ts';
import { planBatches, type BatchPlan, type PlanLimits } from './plan.ts';
import type { TokenizeMethods } from './tokenize.worker.ts';
import { truncateVectors } from './truncate.ts';

/** Texts that are tokenised and sorted together: enough to fill batches evenly, few enough to start soon. */
const WINDOW = 2048;
/** Batches handed over ahead of their turn: two for each of two sessions, so that none waits for this thread. */
const AHEAD = 4;

/** A window of texts that is ready to run. */
interface Prepared {
  readonly first: number;
  readonly tokens: Tokens;
  readonly plan: BatchPlan;
}

/** How much work the encoder has done since it was opened. */
export interface EncoderStats {
  texts: number;
  /** Tokens that were run, special tokens included and padding not. */
  tokens: number;
  padded: number;
  truncated: number;
}

/** Turns texts into vectors in three steps: prepare (a tokeniser thread), run (the session's thread), finish (here). */
export class Encoder implements AsyncDisposable {
  readonly model: LocalModel;
  readonly session: Session;
  readonly stats: EncoderStats = { texts: 0, tokens: 0, padded: 0, truncated: 0 };
  readonly #tokenizer: Thread<TokenizeMethods>;
  readonly #padId: number;
  readonly #limits: PlanLimits;
  #disposed = false;

  private constructor(
    model: LocalModel,
    session: Session,
    tokenizer: Thread<TokenizeMethods>,
    padId: number,
    limits: PlanLimits,
  ) {
    this.model = model;
    this.session = session;
    this.#tokenizer = tokenizer;
    this.#padId = padId;
    this.#limits = limits;
  }

  /** Starts the tokeniser while the session opens, and takes ownership of both. */
  static async open(model: LocalModel, opening: Promise<Session>, limits: PlanLimits): Promise<Encoder> {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const url = new URL(`./tokenize.worker${extension}`, import.meta.url);
    const starting = startThread<TokenizeMethods>(url, model.tokenizer);
    await using owned = new AsyncDisposableStack();
    const [session, tokenizer] = await Promise.allSettled([opening, starting]);
    for (const part of [session, tokenizer]) if (part.status === 'fulfilled') owned.use(part.value);
    if (session.status === 'rejected') throw session.reason;
    if (tokenizer.status === 'rejected') throw tokenizer.reason;
    const padId = await tokenizer.value.call('padId', []);
    owned.move();
    return new Encoder(model, session.value, tokenizer.value, padId, limits);
  }

  /** One vector per text, in their order. Equal texts are run once. */
  async encode(texts: readonly string[], options: EmbedOptions = {}): Promise<Vectors> {
    if (this.#disposed) throw new CoreError('DISPOSED', 'the encoder was used after it was disposed');
    const { dims = this.session.dims, signal } = options;
    this.#checkDims(dims);
    signal?.throwIfAborted();

    const prefix = this.#prefix(options.prompt);
    const distinct = distinctTexts(prefix === '' ? texts : texts.map((text) => prefix + text));
    const unique = await this.#encodeDistinct(distinct.texts, signal);
    const shaped = dims === unique.dims ? unique : truncateVectors(unique, dims);
    this.stats.texts += texts.length;
    return distinct.texts.length === texts.length ? shaped : spread(shaped, distinct.indexOf);
  }

  async #encodeDistinct(texts: readonly string[], signal: AbortSignal | undefined): Promise<Vectors> {
    const dims = this.session.dims;
    const vectors: Vectors = { count: texts.length, dims, data: new Float32Array(texts.length * dims) };
    // The next window is tokenised while this one runs.
    let next = this.#prepare(texts, 0, signal);
    for (let first = 0; first < texts.length; first += WINDOW) {
      const prepared = await next;
      next = this.#prepare(texts, first + WINDOW, signal);
      next.catch(() => {});
      await this.#run(prepared, vectors, signal);
    }
    return vectors;
  }

  async #prepare(texts: readonly string[], first: number, signal: AbortSignal | undefined): Promise<Prepared> {
    const window = texts.slice(first, first + WINDOW);
    const tokens =
      window.length === 0
        ? { ids: new Int32Array(0), offsets: Uint32Array.of(0), truncated: 0 }
        : await this.#tokenizer.call('encode', [window, this.model.spec.maxTokens], signal ? { signal } : {});
    return { first, tokens, plan: planBatches(tokens.offsets, this.#limits) };
  }

  async #run(prepared: Prepared, into: Vectors, signal: AbortSignal | undefined): Promise<void> {
    const running: Promise<void>[] = [];
    try {
      for (const texts of prepared.plan.batches) {
        if (running.length >= AHEAD) await running.shift();
        signal?.throwIfAborted();
        const batch = this.#runBatch(prepared, texts, into);
        // Awaited later; until then its failure must not count as one that nobody handles, which ends the process.
        batch.catch(() => {});
        running.push(batch);
      }
      await Promise.all(running);
    } finally {
      await Promise.allSettled(running);
    }
    this.stats.tokens += prepared.plan.tokens;
    this.stats.padded += prepared.plan.padded;
    this.stats.truncated += prepared.tokens.truncated;
  }

  async #runBatch(prepared: Prepared, texts: Uint32Array, into: Vectors): Promise<void> {
    const output = await this.session.run(padBatch(prepared.tokens, texts, this.#padId));
    const { dims } = into;
    for (const [row, text] of texts.entries()) {
      into.data.set(output.subarray(row * dims, (row + 1) * dims), (prepared.first + text) * dims);
    }
  }

  #prefix(prompt: string | undefined): string {
    if (prompt === undefined || prompt === '') return '';
    const { prompts, name } = this.model.spec;
    const prefix = Object.hasOwn(prompts, prompt) ? prompts[prompt] : undefined;
    if (prefix === undefined) {
      const known = Object.keys(prompts);
      const has = known.length === 0 ? 'it has none; leave `prompt` out' : `it has ${known.join(', ')}`;
      throw new CoreError('OPTION_INVALID', `the model ${name} has no prompt named "${prompt}": ${has}`);
    }
    return prefix;
  }

  #checkDims(dims: number): void {
    const most = this.session.dims;
    if (!Number.isInteger(dims) || dims < 1 || dims > most) {
      throw new CoreError('OPTION_INVALID', `expected \`dims\` to be an integer from 1 to ${most}, got ${dims}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await Promise.all([this.#tokenizer[Symbol.asyncDispose](), this.session[Symbol.asyncDispose]()]);
  }
}

/** Repeats the vectors of the distinct texts at every place where the text stood. */
function spread(unique: Vectors, indexOf: Uint32Array): Vectors {
  const { dims } = unique;
  const data = new Float32Array(indexOf.length * dims);
  for (const [position, index] of indexOf.entries()) {
    data.set(unique.data.subarray(index * dims, (index + 1) * dims), position * dims);
  }
  return { count: indexOf.length, dims, data };
}
