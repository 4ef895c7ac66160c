import { dirname } from 'node:path';
import { CoreError } from '../../../core/errors.ts';
import type { MethodArguments, MethodResult, Thread } from '../../../core/thread/contract.ts';
import { errorKind } from '../../../core/thread/packed-error.ts';
import { startThread } from '../../../core/thread/start.ts';
import { ShardError } from '../../../shard/errors.ts';
import type { CallChunk, CallLogLine, CallStart } from '../../../shard/call/contract.ts';
import { ServerError } from '../../errors.ts';
import { makeDirectory } from '../../sqlite/directory.ts';
import type {
  Acknowledgement,
  Backlog,
  CallFilter,
  ChunkStore,
  Claim,
  Created,
  Lease,
  LeaseFate,
  LeaseName,
  LogPage,
  OutcomePage,
  OutcomesPage,
  StoredStatus,
} from '../contract.ts';
import type { StoreMethods, StoreOptions } from './contract.ts';
import { storeUnavailable } from './failure.ts';
import { parcelAcknowledgements, parcelChunks } from './parcel.ts';

type Verb = keyof StoreMethods;

/** The store in an SQLite file, which a thread of its own reads and writes. Several processes may have the file open. */
export class SqliteStore implements ChunkStore {
  readonly id: string;
  readonly #options: StoreOptions;
  #thread: Promise<Thread<StoreMethods>> | undefined;
  #closed = false;

  /** Makes the file, and its directory, if there is none. Throws `STORE_UNAVAILABLE`. */
  static async open(options: StoreOptions): Promise<SqliteStore> {
    try {
      // What is in it is nobody else's business.
      makeDirectory(dirname(options.path));
      const thread = await start(options);
      return new SqliteStore(options, thread, await thread.call('describe', []));
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  private constructor(options: StoreOptions, thread: Thread<StoreMethods>, { id }: { readonly id: string }) {
    this.id = id;
    this.#options = options;
    this.#thread = Promise.resolve(thread);
  }

  create(call: CallStart): Promise<Created> {
    return this.#call('create', [call]);
  }

  append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    const { value, transfer } = parcelChunks(chunks);
    return this.#call('append', [call, value], transfer);
  }

  seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    return this.#call('seal', [call, whole]);
  }

  claim(want: Claim): Promise<Lease[]> {
    return this.#call('claim', [want]);
  }

  renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]> {
    // Not all that a lease has, but its name.
    const names = leases.map(({ call, index, fence }) => ({ call, index, fence }));
    return this.#call('renew', [names, leaseMs]);
  }

  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    const { value, transfer } = parcelAcknowledgements(acknowledgements);
    return this.#call('acknowledge', [value], transfer);
  }

  status(call: string): Promise<StoredStatus> {
    return this.#call('status', [call]);
  }

  list(filter: CallFilter): Promise<StoredStatus[]> {
    return this.#call('list', [filter]);
  }

  outcomes(call: string, page: OutcomePage): Promise<OutcomesPage> {
    return this.#call('outcomes', [call, page]);
  }

  cancel(call: string): Promise<void> {
    return this.#call('cancel', [call]);
  }

  retry(call: string): Promise<number> {
    return this.#call('retry', [call]);
  }

  remove(call: string): Promise<void> {
    return this.#call('remove', [call]);
  }

  purge(retentionMs: number): Promise<number> {
    return this.#call('purge', [retentionMs]);
  }

  log(call: string, lines: readonly CallLogLine[]): Promise<void> {
    return this.#call('log', [call, lines]);
  }

  logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage> {
    return this.#call('logs', [call, page]);
  }

  backlog(): Promise<Backlog[]> {
    return this.#call('backlog', []);
  }

  /** Writes what is asked for, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  }

  async #call<Name extends Verb>(
    verb: Name,
    args: MethodArguments<StoreMethods, Name>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<MethodResult<StoreMethods, Name>> {
    if (this.#closed) throw storeUnavailable('it was closed');
    const starting = (this.#thread ??= start(this.#options));
    // The next who asks gets another thread.
    const leave = () => {
      if (this.#thread === starting) this.#thread = undefined;
    };
    const thread = await starting.catch((error: unknown) => {
      leave();
      throw asUnavailable(error);
    });
    try {
      return await thread.call(verb, args, { transfer });
    } catch (error) {
      if (!(error instanceof CoreError) || error.code === 'INPUT_INVALID') throw error;
      leave();
      throw asUnavailable(error);
    }
  }
}

function start(options: StoreOptions): Promise<Thread<StoreMethods>> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const url = new URL(`./store.worker${extension}`, import.meta.url);
  const errors = [errorKind(ServerError), errorKind(ShardError)];
  return startThread<StoreMethods>(url, options, { name: 'calls', errors });
}

function asUnavailable(error: unknown): unknown {
  if (error instanceof ServerError) return error;
  return storeUnavailable(error instanceof Error ? error.message : String(error), error);
}
