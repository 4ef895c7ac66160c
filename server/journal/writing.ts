import type { Logger } from 'pino';
import type { Entry } from './contract.ts';

/** Bytes on their way to the file, above which more has to wait. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface WritingOptions {
  readonly log: Logger;
  /** Writes entries of one key in one transaction. False if there is no room for them. */
  readonly write: (id: number, entries: readonly Entry[]) => Promise<boolean>;
}

/** Gathers entries while others are written, so that there are few commits however small the entries. */
export class Writing {
  readonly #options: WritingOptions;
  readonly #waiting = new Map<number, Entry[]>();
  /** Keys of which nothing more is written, and nothing more is said. */
  readonly #given = new Set<number>();
  #bytes = 0;
  #running: Promise<void> | undefined;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  /** Resolves at once, unless too many bytes are on their way. Never rejects. */
  async add(id: number, entry: Entry): Promise<void> {
    if (this.#given.has(id)) return;
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

  async #write(id: number, entries: readonly Entry[]): Promise<void> {
    const { log, write } = this.#options;
    try {
      if (await write(id, entries)) return;
      log.warn({ journal: id }, 'the journal is full, or the key was forgotten: the rest of this map is not journaled');
    } catch (error) {
      log.error({ err: error, journal: id }, 'the journal could not be written: the rest of this map is not journaled');
    }
    this.#given.add(id);
  }
}

function bytesOf({ hashes, block }: Entry): number {
  return hashes.length + block.length;
}
