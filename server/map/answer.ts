import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Chunks } from '../../shard/wire/chunks.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { ErrorBody } from '../status.ts';
import type { Form } from './form.ts';
import type { Piece } from '../replay/recording.ts';

/** Milliseconds of silence after which a beat is sent. */
export const BEAT_MS = 5_000;

export interface AnswerOptions {
  readonly form: Form;
  readonly clock: Clock;
  readonly stallMs: number;
  /** Aborted by this answer if its client does not read, and by others if it has left. */
  readonly controller: AbortController;
  /** Called before the first byte. */
  readonly onBegin: () => void;
}

/** The streamed answer to one request. Nothing is sent until there is something to send, so an early error can still be a status. */
export class Answer implements Disposable {
  readonly #response: ServerResponse;
  readonly #options: AnswerOptions;
  #begun = false;
  #beat: Disposable | undefined;

  constructor(response: ServerResponse, options: AnswerOptions) {
    this.#response = response;
    this.#options = options;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** From now on silence is broken by beats. */
  startBeats(): void {
    this.#beat?.[Symbol.dispose]();
    if (this.#options.form.beat() === undefined) return;
    this.#beat = this.#options.clock.after(BEAT_MS, () => {
      // A client that has bytes unread needs no sign of life.
      if (!this.#response.writableNeedDrain) this.#send(this.#options.form.beat()!);
      this.startBeats();
    });
  }

  /** Sends a piece as fast as the client reads. Throws the reason if the answer is aborted meanwhile. */
  async write(piece: Piece): Promise<void> {
    this.#options.controller.signal.throwIfAborted();
    if (!this.#send(piece)) await this.#drained();
    this.startBeats();
  }

  /** Resolves when the system has taken all bytes, or the client is gone. */
  async end(last?: Uint8Array | string): Promise<void> {
    this[Symbol.dispose]();
    if (this.#response.destroyed) return;
    this.#begin();
    const closed = once(this.#response, 'close');
    this.#response.end(last);
    const { clock, stallMs } = this.#options;
    using _ = clock.after(stallMs, () => this.#response.destroy());
    await closed;
  }

  /** Ends an answer that has begun with an error. */
  async fail(error: ErrorBody): Promise<void> {
    await this.end(this.#options.form.error(error));
  }

  [Symbol.dispose](): void {
    this.#beat?.[Symbol.dispose]();
    this.#beat = undefined;
  }

  #send(piece: Piece): boolean {
    this.#begin();
    if (!(piece instanceof Chunks)) return this.#response.write(piece);
    return piece.parts.reduce((_, part) => this.#response.write(part), true);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#options.onBegin();
    this.#response.writeHead(200, { 'content-type': this.#options.form.responseType });
  }

  async #drained(): Promise<void> {
    const { clock, controller, stallMs } = this.#options;
    using _ = clock.after(stallMs, () => {
      controller.abort(new ServerError('CLIENT_GONE', `The client has read nothing for ${stallMs} ms`));
    });
    try {
      await once(this.#response, 'drain', { signal: controller.signal });
    } catch (error) {
      controller.signal.throwIfAborted();
      throw error;
    }
  }
}
