import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { encodeBlock } from '../../shard/wire/block.ts';
import type { CallStart, CallStatus, CallChunk } from '../../shard/call/contract.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { NodeFunctions } from '../functions.ts';
import type { Limits } from '../limits.ts';
import type { Turns } from '../map/turns.ts';
import type { NodeState } from '../state.ts';
import type { Storage } from '../storage.ts';
import type {
  Backlog,
  CallFilter,
  ChunkStore,
  Created,
  LogPage,
  OutcomePage,
  OutcomesPage,
  Runnable,
  StoredStatus,
} from '../store/contract.ts';
import { Changes } from './changes.ts';
import type { CallMetrics } from './metrics.ts';
import { Rates } from './rates.ts';
import { Runner } from './runner/runner.ts';
import { isCallId } from './start.ts';

export interface DurableCallsOptions {
  readonly storage: Storage;
  readonly functions: NodeFunctions;
  readonly state: NodeState;
  readonly metrics: CallMetrics;
  readonly limits: Pick<Limits, 'callMs' | 'leaseMs'>;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Logger;
  /** Name of this node, for people; asked for when it is known. */
  readonly node: () => string;
}

/** A request that may be held until there is something to tell. */
export interface Waiting {
  /** Milliseconds at most; 0 for not at all. */
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

export interface Begun extends Created {
  /** Of a deployed app. */
  readonly version?: number;
}

/** Milliseconds between two looks for calls whose retention is over. */
const PURGE_MS = 60 * 60 * 1000;

/** The durable calls that this node knows, as clients see them. Each method throws what its verb of the store throws. */
export class DurableCalls implements AsyncDisposable {
  readonly changes: Changes;
  readonly #options: DurableCallsOptions;
  readonly #rates = new Rates();
  #runner: Runner | undefined;
  #purging: Disposable | undefined;
  #ended = false;

  constructor(options: DurableCallsOptions) {
    const { clock, storage, metrics } = options;
    this.#options = options;
    this.changes = new Changes(clock);
    metrics.holding = () => this.#runner?.leased ?? 0;
    storage.first.then(
      ({ store }) => this.#start(store),
      // The node ends, and there is nothing to run.
      () => {},
    );
  }

  /** Chunks that are held. */
  get leased(): number {
    return this.#runner?.leased ?? 0;
  }

  /** Takes no more chunks. Resolves when those that are held have ended, and the store knows. */
  async finish(): Promise<void> {
    this.#ended = true;
    await this.#runner?.finish();
  }

  /** Throws also what is wrong with the function or its options, before anything is stored. */
  async begin(start: CallStart): Promise<Begun> {
    const engine = this.#options.state.open();
    const { functions } = this.#options;
    const { function: name, version } = await functions.bind(start.function, start.version);
    const bound = { ...start, function: name, ...(version !== undefined && { version }) };
    using held = await functions.hold(name, () => {}, version);
    const batch = { call: start.id, batch: 0 };
    if ('route' in held.function) held.function.route(start.options, engine, batch);
    else held.function.bind(start.options, engine, batch);
    const store = await this.#store();
    // `name@version` asks for a version too.
    const asked = start.version !== undefined || name !== start.function;
    const created = await store.create(bound).catch((error: unknown) => {
      if (asked || !isConflict(error)) throw error;
      return this.#knownOrNew(store, bound);
    });
    const whole = created.created ? bound : await store.status(created.id);
    return { ...created, ...(whole.version !== undefined && { version: whole.version }) };
  }

  /** Begins a call of one input that the function gets as its argument; once for a key, however often it is asked for. */
  async beginOnce({ function: name, version }: Runnable, key: string, input: unknown): Promise<void> {
    const store = await this.#store();
    try {
      const start = { id: randomUUID(), function: name, key, single: true, ...(version !== undefined && { version }) };
      // Whoever began it may have been ended before it was whole.
      const { id } = await store.create(start);
      const block = encodeBlock([input]).bytes.joined();
      await store.append(id, [{ index: 0, first: 0, count: 1, block }]);
      await store.seal(id, { chunks: 1, inputs: 1 });
      this.changes.worked();
    } catch (error) {
      // A node that knew of another version was faster.
      if (!isConflict(error)) throw error;
    }
  }

  async append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    if (chunks.length > 0) await (await this.#storeOf(call)).append(call, chunks);
    this.changes.worked();
    this.changes.changed(call);
  }

  async seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    await (await this.#storeOf(call)).seal(call, whole);
    this.changes.changed(call);
  }

  /** How the call is when it is finished, or when the time is over. */
  async status(call: string, waiting: Waiting): Promise<CallStatus> {
    const store = await this.#storeOf(call);
    const read = (): Promise<StoredStatus> => store.status(call);
    return this.#told(await this.changes.until(call, read, isFinished, waiting));
  }

  async list(filter: CallFilter): Promise<CallStatus[]> {
    const stored = await (await this.#store()).list(filter);
    return stored.map((status) => this.#told(status));
  }

  /** A page that has something, or is the last, or what there is when the time is over. */
  async outcomes(call: string, page: OutcomePage, waiting: Waiting): Promise<OutcomesPage> {
    const store = await this.#storeOf(call);
    const read = (): Promise<OutcomesPage> => store.outcomes(call, page);
    return this.changes.until(call, read, ({ outcomes, end }) => outcomes.length > 0 || end, waiting);
  }

  async cancel(call: string): Promise<void> {
    await (await this.#storeOf(call)).cancel(call);
    this.#runner?.cancelled(call);
    this.changes.changed(call);
  }

  async retry(call: string): Promise<number> {
    const retried = await (await this.#storeOf(call)).retry(call);
    this.changes.worked();
    this.changes.changed(call);
    return retried;
  }

  async forget(call: string): Promise<void> {
    if (isCallId(call)) await (await this.#store()).remove(call);
    this.#runner?.cancelled(call);
    this.changes.changed(call);
  }

  /** Lines after number `after`, once there are some, or what there is when the time is over. */
  async logs(
    call: string,
    page: { readonly after?: number; readonly limit: number },
    waiting: Waiting,
  ): Promise<LogPage> {
    const store = await this.#storeOf(call);
    const read = (): Promise<LogPage> => store.logs(call, page);
    return this.changes.until(call, read, ({ lines }) => lines.length > 0, waiting);
  }

  async backlog(): Promise<Backlog[]> {
    return (await this.#store()).backlog();
  }

  /** Gives back what is held. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#purging?.[Symbol.dispose]();
    await this.#runner?.[Symbol.asyncDispose]();
  }

  /** Who asked for no version means the call of that id or key by whichever version it is run, though another is current now. */
  async #knownOrNew(store: ChunkStore, { version, ...any }: CallStart): Promise<Created> {
    const found = await store.create(any);
    if (!found.created || version === undefined) return found;
    // It was forgotten meanwhile, and what has been begun here is of no version.
    await store.remove(found.id);
    return store.create({ ...any, version });
  }

  #start(store: ChunkStore): void {
    if (this.#ended) return;
    const { node, ...options } = this.#options;
    this.#runner = new Runner({ ...options, store, changes: this.changes, node: node() });
    this.#purge(store);
  }

  async #store(): Promise<ChunkStore> {
    return (await this.#options.storage.open()).store;
  }

  /** A store need not take what can't be an id. */
  #storeOf(call: string): Promise<ChunkStore> {
    if (isCallId(call)) return this.#store();
    throw new ServerError(
      'CALL_UNKNOWN',
      `There is no call ${JSON.stringify(call.slice(0, 100))}: its id is not a UUID`,
    );
  }

  #told(status: StoredStatus): CallStatus {
    const { finished } = status;
    const expires = finished === undefined ? undefined : finished + this.#options.limits.callMs;
    return { ...status, ...this.#rates.of(status), ...(expires !== undefined && { expires }) };
  }

  #purge(store: ChunkStore): void {
    const { clock, limits, log } = this.#options;
    store.purge(limits.callMs).then(
      (calls) => calls > 0 && log.info({ calls }, 'calls whose retention is over were removed'),
      (error: unknown) => log.warn({ err: error }, 'old calls could not be removed'),
    );
    this.#purging = clock.after(PURGE_MS, () => this.#purge(store));
  }
}

function isFinished({ state }: StoredStatus): boolean {
  return state === 'done' || state === 'cancelled';
}

function isConflict(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'CALL_CONFLICT';
}
