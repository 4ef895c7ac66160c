import type { Audience } from '../../core/functions/batch-name.ts';
import type { Chunks } from '../../shard/wire/chunks.ts';

/** A part of an answer that is whole in itself: a frame, or lines. */
export type Piece = Uint8Array | Chunks | string;

/** Bytes that a run may be ahead of whoever listens most eagerly. */
const AHEAD_BYTES = 64 * 1024;

export interface RecordingOptions {
  /** In which form it answers. */
  readonly mediaType: string;
  /** Ends the run; its reason is what `add` throws then. */
  readonly signal: AbortSignal;
  /** Called whenever bytes were added, someone came or left, or the run ended. */
  readonly onChange: () => void;
}

/**
 * What the run of one batch answers, as it comes. Any number may listen, each from a point of its own, also after the
 * run has ended. While nobody does, the run waits before it answers more.
 */
export class Recording implements Audience {
  readonly mediaType: string;
  readonly #options: RecordingOptions;
  readonly #pieces: Piece[] = [];
  /** Pieces that are no longer kept: those before the first of `#pieces`. */
  #dropped = 0;
  #bytes = 0;
  /** Pieces that someone has taken, and bytes that nobody has. */
  #taken = 0;
  #untaken = 0;
  #state: 'running' | 'ended' | { readonly error: unknown } = 'running';
  readonly #listeners = new Set<{ position: number }>();
  readonly #followers = new Set<() => void>();
  #waiting: (() => void)[] = [];

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.mediaType = options.mediaType;
    options.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Aborts when the run is to end before it is done. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get state(): 'running' | 'ended' | 'failed' {
    return typeof this.#state === 'string' ? this.#state : 'failed';
  }

  /** Whether nobody listens. */
  get gone(): boolean {
    return this.#listeners.size === 0;
  }

  subscribe(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  /** Adds a piece, and waits until those before it are taken. Throws the reason if the run is to end. */
  async add(piece: Piece): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    this.#append(piece);
    while (this.gone || this.#untaken > AHEAD_BYTES) {
      await this.#change();
      signal.throwIfAborted();
    }
  }

  /** Adds the last piece. */
  end(piece: Piece): void {
    this.#state = 'ended';
    this.#append(piece);
  }

  /** Ends all listening with an error. */
  fail(error: unknown): void {
    this.#state = { error };
    this.#changed();
  }

  /** Whether piece number `from` is kept, or is the next to come. */
  has(from: number): boolean {
    return from >= this.#dropped && from <= this.#dropped + this.#pieces.length;
  }

  /** Listens from piece number `from` on, until disposed; it must be one that `has` knows. */
  listen(from: number, signal: AbortSignal): Listening {
    const listener = { position: from };
    this.#listeners.add(listener);
    this.#audienceChanged();
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    return {
      next: async () => {
        for (;;) {
          signal.throwIfAborted();
          const piece = this.#take(listener);
          if (piece !== undefined || this.#state === 'ended') return piece;
          if (this.#state !== 'running') throw this.#state.error;
          await this.#change();
        }
      },
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', wake);
        if (this.#listeners.delete(listener)) this.#audienceChanged();
      },
    };
  }

  /** Forgets what all who listen have taken. */
  trim(): void {
    const end = this.#listeners.values().reduce((least, { position }) => Math.min(least, position), this.#taken);
    for (const piece of this.#pieces.splice(0, Math.max(0, end - this.#dropped))) {
      this.#bytes -= piece.length;
      this.#dropped++;
    }
  }

  #take(listener: { position: number }): Piece | undefined {
    const piece = this.#pieces[listener.position - this.#dropped];
    if (piece === undefined) return undefined;
    if (listener.position++ === this.#taken) {
      this.#taken++;
      this.#untaken -= piece.length;
      this.#wake();
    }
    return piece;
  }

  #append(piece: Piece): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#untaken += piece.length;
    this.#changed();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #audienceChanged(): void {
    this.#changed();
    for (const changed of this.#followers) changed();
  }

  #changed(): void {
    this.#wake();
    this.#options.onChange();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export interface Listening extends Disposable {
  /** The next piece, as soon as there is one; undefined after the last. Throws what ended the run, or the signal's reason. */
  next(): Promise<Piece | undefined>;
}
