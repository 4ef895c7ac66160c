import { inspect } from 'node:util';
import {
  type Context,
  type ContextGpu,
  type ContextLog,
  type ContextVectors,
  logOf,
} from '../../../shard/app/context.ts';
import { workerGpu } from '../gpu/environment.ts';
import type { LogEntry, Piece, Question } from '../messages.ts';
import type { SettledOptions } from '../../../shard/app/definition.ts';
import { askedVolumes } from './asked-volumes.ts';
import { RunVolumes } from './run-volumes.ts';
import { askedCollection } from './asked-collection.ts';
import type { Asks } from './asks.ts';
import type { Channel } from './channel.ts';

/** What a run is told and may ask: the context that its handler sees. Functions are made when they are asked for: most runs need none. */
export class Run implements Context {
  readonly #piece: Piece;
  readonly #position: number;
  readonly #abort: AbortController;
  readonly #channel: Channel;
  readonly #asks: Asks;
  readonly #names: RunSurroundings['volumes'];
  #volumes: RunVolumes | undefined;

  constructor(piece: Piece, position: number, around: RunSurroundings) {
    this.#piece = piece;
    this.#position = position;
    this.#abort = around.abort;
    this.#channel = around.channel;
    this.#asks = around.asks;
    this.#names = around.volumes;
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

  get call(): string {
    return this.#piece.call;
  }

  get batch(): number {
    return this.#piece.batch;
  }

  get index(): number {
    const { places, indices } = this.#piece;
    return typeof places === 'number' ? places + indices[this.#position]! : places[this.#position]!;
  }

  get log(): ContextLog {
    return logOf((level, message, fields) => {
      const entry = { level, message, run: this.named() };
      try {
        this.#channel.send({ type: 'log', entry: { ...entry, ...(fields && { fields }) } });
      } catch {
        // A field can't be cloned; its text can.
        this.#channel.send({ type: 'log', entry: { ...entry, fields: { fields: inspect(fields) } } });
      }
    });
  }

  get embed(): Context['embed'] {
    return async (texts, options = {}) =>
      (await this.#ask({ function: 'embed', options, inputs: texts })) as ContextVectors;
  }

  get volumes(): Context['volumes'] {
    return this.#ownVolumes().mounted;
  }

  /** Makes what the run has changed visible, once it has succeeded. Throws the reason if nobody waits for it any more. */
  async commitVolumes(): Promise<void> {
    if (!this.#volumes) return;
    this.signal.throwIfAborted();
    await this.#volumes.commit();
  }

  #ownVolumes(): RunVolumes {
    const ask = (question: Question): Promise<unknown> => this.#ask(question);
    return (this.#volumes ??= new RunVolumes(this.#names, askedVolumes(ask), this.signal));
  }

  get collection(): Context['collection'] {
    return (name, options = {}) => askedCollection(name, options, (question) => this.#ask(question));
  }

  named(): NonNullable<LogEntry['run']> {
    const { call, batch, index } = this;
    return { function: this.#piece.function, call, batch, index };
  }

  #ask(question: Question): Promise<unknown> {
    return this.#asks.ask(this.#piece.id, question);
  }
}

export interface RunSurroundings {
  readonly abort: AbortController;
  readonly channel: Channel;
  readonly asks: Asks;
  readonly volumes: SettledOptions['volumes'];
}
