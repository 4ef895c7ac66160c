import type { CallEntry } from '../../sdk/call/entries.ts';
import type { Destination } from './destination.ts';

export type Entry = CallEntry<unknown>;

/** Writes what came of inputs in one format. */
export interface Sink {
  write(entry: Entry): Promise<void>;
  /** Writes what is still held back. */
  finish(): Promise<void>;
}

export type MakeSink = (to: Destination) => Sink;

/** Characters that are gathered before they are written. */
const GATHERED = 64 * 1024;

/** Gathers short texts, so that each costs no write of its own. */
export class Gathered {
  readonly #to: Destination;
  #text = '';

  constructor(to: Destination) {
    this.#to = to;
  }

  async add(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= GATHERED) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await this.#to.write(text);
  }
}
