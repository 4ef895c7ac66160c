import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Entry } from './contract.ts';

/** Bytes on their way to the file, above which more has to wait. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Milliseconds after which a key that could not be written is tried again: there may be room by then. */
const AGAIN_MS = 60_000;

const MEANWHILE = `nothing more is journaled under this key for ${AGAIN_MS / 1000} s`;

export interface WritingOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** Writes entries of one key in one transaction. False if there is no room for them. */
  readonly write: (id: number, entries: readonly Entry[]) => Promise<boolean>;
}

/** Gathers entries while others are written, so that there are few commits however small the entries. */
export class Writing {
  readonly #options: WritingOptions;
  readonly #waiting = new Map<number, Entry[]>();
  /** Keys of which nothing is written, and nothing said, before that moment. */
  readonly #resting = new Map<number, number>();
  #bytes = 0;
  #running: Promise<void> | undefined;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  /** Resolves at once, unless too many bytes are on their way. Never rejects. */
  async add(id: number, entry: Entry): Promise<void> {
    if (this.#rests(id)) return;
    while (this.#running && this.#bytes > MOST_BYTES) await this.#running;
    const entries = this.#waiting.get(id);
    if (entries) entries.push(entry);
    else this.#waiting.set(id, [entry]);
    this.#bytes += bytesOf(entry);
    this.#running ??= this.#run();
  }

  /** Resolves when all is written that was added. */
  async done(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // What is added in this turn goes along.
    await Promise.resolve();
    for (const [id, entries] of this.#waiting) {
      this.#waiting.delete(id);
      // Before their buffers move away.
      const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
      await this.#write(id, entries);
      this.#bytes -= bytes;
    }
    this.#running = this.#waiting.size > 0 ? this.#run() : undefined;
  }

  #rests(id: number): boolean {
    return (this.#resting.get(id) ?? -Infinity) > this.#options.clock.now();
  }

  async #write(id: number, entries: readonly Entry[]): Promise<void> {
    // Also what came while the last could not be written.
    if (this.#rests(id)) return;
    const { clock, log, write } = this.#options;
    try {
      if (await write(id, entries)) {
        this.#resting.delete(id);
        return;
      }
      log.warn({ journal: id }, `the journal is full, or the key was forgotten: ${MEANWHILE}`);
    } catch (error) {
      log.error({ err: error, journal: id }, `the journal could not be written: ${MEANWHILE}`);
    }
    this.#resting.set(id, clock.now() + AGAIN_MS);
  }
}

function bytesOf({ hashes, block }: Entry): number {
  return hashes.length + block.length;
}
