import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Thread } from '../../core/thread/contract.ts';
import { startThread } from '../../core/thread/start.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Entry, Found, JournalMethods, JournalSummary, KeyUse, PackedInputs, Spans } from './contract.ts';
import { Writing } from './writing.ts';

export interface JournalOptions {
  /** Where the file is, or shall be; without it nothing can be journaled. */
  readonly directory: string | undefined;
  readonly limits: Pick<Limits, 'journalMs' | 'journalBytes'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const FILE = 'journal.sqlite';
/** Milliseconds between two looks for keys that are too old. */
const PURGE_MS = 60 * 60 * 1000;

/** The journal of this node, in a thread of its own that is started when it is first wanted. */
export class Journal implements AsyncDisposable {
  readonly #options: JournalOptions;
  readonly #writing: Writing;
  #thread: Promise<Thread<JournalMethods>> | undefined;
  #purging: Disposable | undefined;
  #closed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#writing = new Writing({
      log: options.log,
      clock: options.clock,
      write: async (id, entries) => {
        const transfer = entries.flatMap(({ hashes, block }) => [hashes.buffer, block.buffer]);
        return (await this.#open()).call('write', [id, entries], { transfer });
      },
    });
    const { directory, log } = options;
    // What an earlier node has left is not kept for longer because this one does not need it.
    if (directory === undefined || !existsSync(join(directory, FILE))) return;
    this.#open().catch((error: unknown) => log.warn({ err: error }, 'the journal could not be opened'));
  }

  /** Enters a key and looks inputs up. Throws `JOURNAL_UNAVAILABLE`. */
  async find(use: KeyUse, spans: Spans, inputs: PackedInputs): Promise<Found> {
    const thread = await this.#open();
    return thread.call('find', [use, spans, inputs], { transfer: [inputs.bytes.buffer, inputs.ends.buffer] });
  }

  async read(block: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#open()).call('read', [block]);
  }

  /** Has an entry written soon; waits only where too many bytes are on their way. What can't be written is logged. */
  async add(id: number, entry: Entry): Promise<void> {
    await this.#writing.add(id, entry);
  }

  /** What there is of the key, as in `JournalMethods`. */
  async ranges(key: string): Promise<readonly number[]> {
    return (await this.#open()).call('ranges', [key]);
  }

  async list(): Promise<readonly JournalSummary[]> {
    return (await this.#open()).call('list', []);
  }

  async forget(key: string): Promise<void> {
    await (await this.#open()).call('forget', [key]);
  }

  /** Writes what is to be written, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await this.#writing.done();
    this.#closed = true;
    this.#purging?.[Symbol.dispose]();
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  }

  #open(): Promise<Thread<JournalMethods>> {
    const opening = (this.#thread ??= this.#start());
    // Another time it may succeed: the disk was full, or the rights were wrong.
    opening.catch(() => {
      if (this.#thread === opening) this.#thread = undefined;
    });
    return opening;
  }

  async #start(): Promise<Thread<JournalMethods>> {
    const { directory, limits } = this.#options;
    if (this.#closed) throw unavailable('the node is closing');
    if (directory === undefined) throw unavailable('it was started without a data directory');
    try {
      // Outputs are nobody else's business.
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
      const url = new URL(`./journal.worker${extension}`, import.meta.url);
      const options = { path: join(directory, FILE), ...limits };
      const thread = await startThread<JournalMethods>(url, options, { name: 'journal' });
      this.#purge(thread);
      return thread;
    } catch (error) {
      throw unavailable(`${directory} can't be used: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  #purge(thread: Thread<JournalMethods>): void {
    const { clock, log } = this.#options;
    thread.call('purge', []).catch((error: unknown) => log.warn({ err: error }, 'old journals could not be removed'));
    this.#purging = clock.after(PURGE_MS, () => this.#purge(thread));
  }
}

function unavailable(why: string, cause?: unknown): ServerError {
  return new ServerError(
    'JOURNAL_UNAVAILABLE',
    `This node can't keep a journal, since ${why}; give it a directory with --data, or map without a key`,
    { cause },
  );
}
