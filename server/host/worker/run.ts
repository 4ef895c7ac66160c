import { inspect } from 'node:util';
import type { Context, ContextEmbedOptions, ContextGpu, ContextVectors } from '../../../shard/app/context.ts';
import { workerGpu } from '../gpu/environment.ts';
import type { LogEntry, Piece } from '../messages.ts';
import type { Channel } from './channel.ts';
import type { Embeddings } from './embeddings.ts';

/** What a run is told and may ask: the context that its handler sees. */
export class Run implements Context {
  readonly #piece: Piece;
  readonly #position: number;
  readonly #abort: AbortController;
  readonly #channel: Channel;
  readonly #embeddings: Embeddings;

  constructor(piece: Piece, position: number, around: RunSurroundings) {
    this.#piece = piece;
    this.#position = position;
    this.#abort = around.abort;
    this.#channel = around.channel;
    this.#embeddings = around.embeddings;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get attempt(): number {
    return this.#piece.failures;
  }

  get gpu(): ContextGpu | undefined {
    return workerGpu();
  }

  log(message: string, fields?: Readonly<Record<string, unknown>>): void {
    const entry = { level: 'info', message, run: this.named() } as const;
    try {
      this.#channel.send({ type: 'log', entry: { ...entry, ...(fields && { fields }) } });
    } catch {
      // A field can't be cloned; its text can.
      this.#channel.send({ type: 'log', entry: { ...entry, fields: { fields: inspect(fields) } } });
    }
  }

  async embed(texts: readonly string[], options: ContextEmbedOptions = {}): Promise<ContextVectors> {
    return this.#embeddings.ask(this.#piece.id, texts, options);
  }

  named(): NonNullable<LogEntry['run']> {
    const { function: name, call, batch, indices } = this.#piece;
    return { function: name, call, batch, index: indices[this.#position]! };
  }
}

export interface RunSurroundings {
  readonly abort: AbortController;
  readonly channel: Channel;
  readonly embeddings: Embeddings;
}
