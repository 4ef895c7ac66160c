import type { Logger } from 'pino';
import { versioned } from '../../../shard/app/versioned.ts';
import { resolveRetries } from '../../../shard/options.ts';
import { FUNCTION_RETRIES, retryDelay } from '../../../shard/retry.ts';
import type { Clock } from '../../clock.ts';
import { ServerError } from '../../errors.ts';
import type { NodeFunction, NodeFunctions } from '../../functions.ts';
import type { Limits } from '../../limits.ts';
import type { Turns } from '../../map/turns.ts';
import { pause } from '../../pause.ts';
import type { NodeState } from '../../state.ts';
import type { ChunkStore, Lease, LeaseName, Runnable } from '../../store/contract.ts';
import type { Changes } from '../changes.ts';
import type { CallMetrics } from '../metrics.ts';
import { Acks, STORE_RETRIES } from './acks.ts';
import { type ChunkEnd, ChunkRun, ELSEWHERE_MS, GIVEN_BACK, isSuspect } from './chunk-run.ts';
import { Leases } from './leases.ts';
import { CallLogs } from './logs.ts';
import { remoteOf } from './verdict.ts';
import { Work } from './work.ts';

/** Milliseconds between two looks for work of which nobody has told: at first, and when there was none for long. */
const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 1_000;
/** Bytes of the inputs that are held. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Milliseconds in which a node that ends tells the store what it gives back. */
const LAST_WORDS_MS = 5_000;

export interface RunnerOptions {
  readonly store: ChunkStore;
  readonly functions: NodeFunctions;
  readonly state: NodeState;
  readonly changes: Changes;
  readonly metrics: CallMetrics;
  readonly limits: Pick<Limits, 'leaseMs'>;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Logger;
  /** Name of this node, for people. */
  readonly node: string;
  /** Gives numbers in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

interface Holding {
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Leases chunks of the functions that this node has, runs them, and tells the store what became of them. */
export class Runner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  readonly #acks: Acks;
  readonly #leases: Leases;
  readonly #logs: CallLogs;
  readonly #works = new Map<string, Work>();
  readonly #holding = new Set<Holding>();
  readonly #stopping = new AbortController();
  readonly #looking: Promise<void>;
  readonly #leave: () => void;
  /** Those of which there is no more, when last asked. */
  readonly #dry = new Set<Work>();
  #wake = Promise.withResolvers<void>();
  #looks = 0;
  /** How often it was told that there may be work. */
  #calls = 0;
  #storeFailures = 0;
  #bytes = 0;

  constructor(options: RunnerOptions) {
    const { store, clock, log, changes, limits, node } = options;
    this.#options = options;
    this.#acks = new Acks({
      store,
      clock,
      log,
      onStoreError: this.#failed,
      onTaken: (acknowledged) => {
        for (const call of new Set(acknowledged.map(({ lease }) => lease.call))) changes.changed(call);
      },
    });
    this.#leases = new Leases({ store, clock, log, leaseMs: limits.leaseMs, onStoreError: this.#failed });
    this.#logs = new CallLogs({ store, clock, log, node });
    this.#leave = changes.onWork(() => this.#lookAgain());
    this.#looking = this.#look();
  }

  /** Chunks that are held. */
  get leased(): number {
    return this.#holding.size;
  }

  /** A call is cancelled: what is held of it stops at once. */
  cancelled(call: string): void {
    for (const { lease, controller } of this.#holding) if (lease.call === call) controller.abort(gone(call));
  }

  /** Takes nothing new. Resolves when what runs has ended, and the store knows. */
  async finish(): Promise<void> {
    this.#leave();
    this.#stopping.abort();
    await this.#looking;
    await Promise.all(Array.from(this.#holding, ({ ended }) => ended));
    await this.#logs.flush();
  }

  /** Has others run what is held, and resolves when the store knows; if it can't be told for long, leases run out. */
  async [Symbol.asyncDispose](): Promise<void> {
    const finished = this.finish();
    for (const { controller } of this.#holding) controller.abort(GIVEN_BACK);
    await Promise.race([finished, pause(this.#options.clock, LAST_WORDS_MS)]);
    this.#acks[Symbol.dispose]();
    this.#leases[Symbol.dispose]();
    await finished;
  }

  /** Leases what is wanted, again and again. */
  async #look(): Promise<void> {
    const { state, clock } = this.#options;
    const { signal } = this.#stopping;
    let next = clock.now();
    while (!signal.aborted) {
      const change = this.#wake.promise;
      if (clock.now() >= next) {
        this.#dry.clear();
        next = clock.now() + Math.min(LAST_LOOK_MS, FIRST_LOOK_MS * 2 ** this.#looks++);
      }
      if (state.isOpen && (await this.#claim())) continue;
      await pause(clock, next - clock.now(), { signal, sooner: change });
      // Of whoever has woken it, the rest is seen by the next look.
      this.#wake = Promise.withResolvers();
    }
  }

  /** Whether there was something to lease. */
  async #claim(): Promise<boolean> {
    // One that may bring this node down is run with nothing beside it.
    if (this.#bytes >= MAX_BYTES || this.#holding.values().some(({ lease }) => isSuspect(lease))) return false;
    const wanting = this.#wanting();
    const idle = wanting.filter((work) => work.idle);
    let found = false;
    // What of them is there is not known, so that one is asked for, whichever.
    if (idle.length > 0) found = await this.#claimOf(idle, 1);
    for (const work of wanting) if (!work.idle) found = (await this.#claimOf([work], work.wanted)) || found;
    return found;
  }

  #wanting(): Work[] {
    const works = this.#options.functions.runnables.map((runnable) => this.#workOf(runnable));
    return works.filter((work) => !this.#dry.has(work) && work.wanted > 0);
  }

  async #claimOf(works: readonly Work[], limit: number): Promise<boolean> {
    const { store, node, limits, metrics } = this.#options;
    const calls = this.#calls;
    try {
      const functions = works.map(({ runnable }) => runnable);
      const leases = await store.claim({ node, functions, limit, leaseMs: limits.leaseMs });
      this.#storeFailures = 0;
      for (const lease of leases) {
        metrics.leased(lease.function);
        this.#take(lease);
      }
      if (leases.length > 0) this.#looks = 0;
      // What was told of meanwhile may not have been there yet.
      if (leases.length < limit && calls === this.#calls) for (const work of works) this.#dry.add(work);
      return leases.length > 0;
    } catch (error) {
      this.#failed('claim', error);
      const { signal } = this.#stopping;
      await pause(this.#options.clock, retryDelay(STORE_RETRIES, ++this.#storeFailures, Math.random), { signal });
      return false;
    }
  }

  #take(lease: Lease): void {
    const controller = new AbortController();
    const others = Array.from(this.#holding);
    const before = isSuspect(lease) ? Promise.all(others.map(({ ended }) => ended)) : undefined;
    if (others.some((other) => isSuspect(other.lease))) {
      // Had it been lost with the other, it would be blamed for that.
      void this.#acks.add(nameOf(lease), { outcomes: [], retried: 0, next: { release: { afterMs: ELSEWHERE_MS } } });
      return;
    }
    this.#bytes += lease.block.length;
    const holding: Holding = {
      lease,
      controller,
      ended: this.#hold(lease, controller, before).finally(() => {
        this.#holding.delete(holding);
        this.#bytes -= lease.block.length;
        this.#wake.resolve();
      }),
    };
    this.#holding.add(holding);
  }

  /** Runs it once `before` is over. Never rejects. */
  async #hold(lease: Lease, controller: AbortController, before?: Promise<unknown>): Promise<void> {
    const { metrics, log, functions } = this.#options;
    // Also while it waits: a chunk whose lease ran out meanwhile would be blamed for that.
    using _ = this.#leases.hold(nameOf(lease), () => {
      metrics.lost(lease.function);
      controller.abort(gone(lease.call));
    });
    await before;
    const work = this.#workOf(lease);
    let end: ChunkEnd;
    try {
      using held = await functions.hold(lease.function, () => controller.abort(GIVEN_BACK), lease.version);
      end = await this.#run(lease, held.function, work, controller);
    } catch (error) {
      end = { kind: 'released', error: remoteOf(error) };
      const next = { release: { afterMs: ELSEWHERE_MS } };
      await this.#acks.add(nameOf(lease), { outcomes: [], retried: 0, next });
    }
    if (!('error' in end) || !end.error) return;
    const { call, index } = lease;
    work.failed();
    log.warn(
      { call, chunk: index, function: lease.function, code: end.error.code, why: end.error.message },
      'a chunk could not be run here',
    );
    const message = `${lease.function} can't be run on this node now: ${end.error.code}: ${end.error.message}`;
    this.#logs.add(call, { level: 'warn', message });
  }

  async #run(lease: Lease, hosted: NodeFunction, work: Work, controller: AbortController): Promise<ChunkEnd> {
    const { state, clock, turns, node, random = Math.random, metrics } = this.#options;
    const { call } = lease;
    const run = new ChunkRun({
      lease,
      hosted,
      engine: state.engine(),
      policy: resolveRetries('retries', { ...hosted.retries, ...lease.retries }, FUNCTION_RETRIES),
      clock,
      turns,
      random,
      node,
      signal: controller.signal,
      stopping: this.#stopping.signal,
      report: async (report) => {
        const good = await this.#acks.add(nameOf(lease), report);
        if (good) metrics.reported(lease.function, report);
        else controller.abort(gone(call));
        return good;
      },
      room: () => this.#acks.room(),
      onChange: (settled) => {
        work.changed(settled);
        if (work.wanted > 0 && !this.#dry.has(work)) this.#wake.resolve();
      },
      onLog: (line) => this.#logs.add(call, line),
    });
    using _ = work.enter(run, hosted);
    return await run.run();
  }

  /** There may be work that was not there. */
  #lookAgain(): void {
    this.#calls++;
    this.#dry.clear();
    this.#looks = 0;
    this.#wake.resolve();
  }

  #workOf({ function: name, version }: Runnable): Work {
    const key = versioned({ name, ...(version !== undefined && { version }) });
    let work = this.#works.get(key);
    const runnable = { function: name, ...(version !== undefined && { version }) };
    if (!work) this.#works.set(key, (work = new Work(runnable, this.#options.clock)));
    return work;
  }

  readonly #failed = (verb: string, error: unknown): void => {
    this.#options.metrics.storeError(verb);
    this.#options.log.warn({ err: error, verb }, 'the store of calls failed');
  };
}

function nameOf({ call, index, fence }: LeaseName): LeaseName {
  return { call, index, fence };
}

function gone(call: string): ServerError {
  return new ServerError('CALL_CANCELLED', `Call ${call} was cancelled, or others run this part of it`);
}
