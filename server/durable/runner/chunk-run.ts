import type { Engine } from '../../../core/contract.ts';
import type { HandlerLine } from '../../../core/functions/batch-name.ts';
import type { RoutedOutcome } from '../../../core/functions/routed.ts';
import type { CallOutcome } from '../../../shard/call/contract.ts';
import { type RetryPolicy, retryDelay } from '../../../shard/retry.ts';
import type { Block } from '../../../shard/wire/block.ts';
import { pairs, spansOf } from '../../../shard/wire/spans.ts';
import type { RemoteError } from '../../../shard/wire/message.ts';
import type { Clock } from '../../clock.ts';
import { ServerError } from '../../errors.ts';
import type { NodeFunction } from '../../functions.ts';
import { placed } from '../../journal/placed.ts';
import { computed } from '../../map/computed.ts';
import type { Turns } from '../../map/turns.ts';
import { pause } from '../../pause.ts';
import type { Lease } from '../../store/contract.ts';
import type { Report } from './acks.ts';
import { ChunkInputs } from './chunk-inputs.ts';
import { mayRetry, remoteOf, verdictOf } from './verdict.ts';

/** Leases of a chunk that were lost in a row, with nothing done, before it is run input by input. */
const SUSPECT = 2;
/** And before the input that was to be run first is held to be why. */
const CONVICTED = 5;
/** Milliseconds that a chunk of which nothing runs waits here for a retry; for longer it is given back. */
const HOLD_MS = 5_000;
/** Milliseconds that other nodes leave a chunk alone that one could not run: they may not be able to either. */
export const ELSEWHERE_MS = 1_000;

export interface ChunkRunOptions {
  readonly lease: Lease;
  readonly hosted: NodeFunction;
  readonly engine: Engine;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly turns: Turns;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** Name of this node. */
  readonly node: string;
  /** Aborts when the chunk is to be given back, or is this node's no more. */
  readonly signal: AbortSignal;
  /** Aborts when nothing new is to begin. */
  readonly stopping: AbortSignal;
  /** Has the store take what became of inputs. Resolves to false if the lease is lost. */
  readonly report: (report: Report) => Promise<boolean>;
  /** Resolves when more may be reported. */
  readonly room: () => Promise<void>;
  /** So many inputs have an outcome, and perhaps others wait: fewer keep this node busy. */
  readonly onChange: (settled: number) => void;
  readonly onLog: (line: HandlerLine) => void;
}

/**
 * How it ended. `finished`: each input has an outcome. `released`: the rest is for later, or for others on account of
 * `error`. `left`: the lease runs out, and so counts as a loss. `lost`: it was not this node's any more.
 */
export type ChunkEnd =
  | { readonly kind: 'finished' | 'lost' }
  | { readonly kind: 'released'; readonly error?: RemoteError }
  | { readonly kind: 'left'; readonly error: RemoteError };

/** Why a run is aborted whose chunk others shall have. Any other reason says that it is not this node's any more. */
export const GIVEN_BACK: ServerError = new ServerError('NODE_DRAINING', 'This node stops, and others run what is left');

/** Inputs that are run together; the function failed on each as often. Offsets are in the chunk, rising. */
interface Group {
  readonly offsets: readonly number[];
  readonly failures: number;
}

/** Whether a chunk must be run with nothing beside it. */
export function isSuspect({ losses }: Pick<Lease, 'losses'>): boolean {
  return losses >= SUSPECT;
}

/** Runs the inputs of one chunk until each has an outcome, or others are to have the rest. */
export class ChunkRun {
  readonly #options: ChunkRunOptions;
  readonly #inputs: ChunkInputs;
  readonly #apart: boolean;
  /** By offset: whether it has an outcome. */
  readonly #settled: Uint8Array;
  /** Of inputs without an outcome, by offset. */
  readonly #failures = new Map<number, number>();
  readonly #queue: Group[];
  readonly #waiting = new Map<Group, number>();
  #running = 0;
  #left: number;
  #wake = Promise.withResolvers<void>();
  #broken: Extract<ChunkEnd, { kind: 'released' | 'left' }> | undefined;

  constructor(options: ChunkRunOptions) {
    const { lease, turns } = options;
    this.#options = options;
    this.#inputs = new ChunkInputs(lease, turns);
    this.#settled = new Uint8Array(lease.count);
    this.#left = lease.count;
    for (const [first, count] of pairs(lease.settled)) this.#settle(first - lease.first, count);
    for (const [position, times] of pairs(lease.failures)) {
      if (this.#isOpen(position - lease.first)) this.#failures.set(position - lease.first, times);
    }
    this.#apart = isSuspect(lease);
    this.#queue = this.#groups();
  }

  /** Inputs that have no outcome, and don't wait for another try. */
  get busy(): number {
    return this.#left - this.#waiting.keys().reduce((sum, { offsets }) => sum + offsets.length, 0);
  }

  /** Rejects only for what nobody foresaw. */
  async run(): Promise<ChunkEnd> {
    const { lease, signal, stopping, clock } = this.#options;
    const onAbort = (): void => this.#wake.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    stopping.addEventListener('abort', onAbort, { once: true });
    try {
      const [convict] = this.#queue;
      if (convict && lease.losses >= CONVICTED) await this.#convict(this.#queue.shift()!);
      for (;;) {
        if (this.#goesOn && !stopping.aborted) this.#begin();
        if (this.#running === 0 && !this.#mayGoOn()) break;
        const due = Math.min(...this.#waiting.values()) - clock.now();
        const change = this.#wake.promise;
        if (Number.isFinite(due)) await pause(clock, due, { sooner: change });
        else await change;
        this.#wake = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      stopping.removeEventListener('abort', onAbort);
    }
    return this.#end();
  }

  get #goesOn(): boolean {
    return !this.#broken && !this.#options.signal.aborted;
  }

  /** Whether, with nothing running, there is something to run, or soon will be. */
  #mayGoOn(): boolean {
    if (!this.#goesOn || this.#options.stopping.aborted) return false;
    const soonest = Math.min(...this.#waiting.values()) - this.#options.clock.now();
    return this.#queue.length > 0 || soonest <= HOLD_MS;
  }

  #begin(): void {
    const now = this.#options.clock.now();
    for (const [group, due] of this.#waiting) {
      if (due > now) continue;
      this.#waiting.delete(group);
      this.#launch(group);
    }
    // One after the other, and the next only when all is over for the one before: by that the store knows them.
    while (this.#queue.length > 0 && !(this.#apart && (this.#running > 0 || this.#waiting.size > 0))) {
      this.#launch(this.#queue.shift()!);
    }
  }

  #launch(group: Group): void {
    this.#running++;
    void this.#attempt(group)
      .catch((error: unknown) => this.#give({ kind: 'left', error: remoteOf(error) }))
      .finally(() => {
        this.#running--;
        this.#wake.resolve();
        this.#options.onChange(0);
      });
  }

  async #attempt(group: Group): Promise<void> {
    const failed: number[] = [];
    try {
      for await (const outcome of this.#outcomesOf(group)) {
        if (outcome.kind === 'failure') await this.#failed(outcome.index, group, remoteOf(outcome.error), failed);
        else await this.#output(outcome.first, outcome.block);
        if (!this.#goesOn) return;
      }
    } catch (error) {
      // Whatever an aborted part threw, it says nothing of the inputs.
      if (!this.#goesOn) return;
      await this.#brokeOff(group, remoteOf(error), failed);
    }
    if (failed.length > 0) this.#again({ offsets: failed, failures: group.failures + 1 });
    if (this.#apart) await this.#report([]);
  }

  async *#outcomesOf({ offsets, failures }: Group): AsyncGenerator<RoutedOutcome, void, undefined> {
    const { lease, hosted, engine, signal, turns, onLog } = this.#options;
    const inputs = await this.#inputs.at(offsets);
    const head = {
      function: lease.function,
      call: lease.call,
      batch: lease.index,
      attempt: 0,
      count: offsets.length,
      failures,
      spans: spansOf(offsets.map((offset) => lease.first + offset)),
      options: lease.options,
    };
    const outcomes = computed({ hosted, engine, signal, onLog }, { head, inputs }, turns);
    yield* placed(outcomes, { positions: offsets, indices: [...this.#settled.keys()], turns });
  }

  /** The inputs of a group that have no answer broke off together. */
  async #brokeOff({ offsets, failures }: Group, error: RemoteError, failed: number[]): Promise<void> {
    const answered = new Set(failed);
    const rest = offsets.filter((offset) => this.#isOpen(offset) && !answered.has(offset));
    const verdict = verdictOf(error);
    if (verdict === 'final') {
      for (const offset of rest) await this.#giveUp(offset, failures + 1, error);
    } else if (verdict === 'elsewhere') this.#give({ kind: 'released', error });
    else if (rest.length === 1 && (verdict === 'inputs' || this.#apart)) {
      await this.#failed(rest[0]!, { offsets, failures }, error, failed);
    } else if (verdict === 'fault') this.#give({ kind: 'left', error });
    else this.#queue.push(...halves(rest).map((half) => ({ offsets: half, failures })));
  }

  async #output(first: number, block: Block): Promise<void> {
    this.#settle(first, block.count);
    const position = this.#options.lease.first + first;
    await this.#tell({ kind: 'outputs', first: position, count: block.count, block: block.bytes.joined() });
  }

  async #failed(offset: number, { failures }: Group, error: RemoteError, failed: number[]): Promise<void> {
    if (mayRetry(error) && failures < this.#options.policy.maxRetries) failed.push(offset);
    else await this.#giveUp(offset, failures + 1, error);
  }

  async #giveUp(offset: number, attempts: number, error: RemoteError): Promise<void> {
    const { lease, node } = this.#options;
    const input = await this.#inputs.preview(offset);
    this.#settle(offset, 1);
    const failure = { error, attempts, losses: lease.losses, node, input };
    await this.#tell({ kind: 'failure', first: lease.first + offset, failure });
  }

  async #convict({ offsets: [offset] }: Group): Promise<void> {
    const { losses } = this.#options.lease;
    const message = `${losses} leases in a row were lost before this input was done, at last with nothing else to run`;
    await this.#giveUp(offset!, this.#failures.get(offset!) ?? 0, { code: 'INPUT_LOST', message });
    await this.#report([]);
  }

  #again(group: Group): void {
    const { policy, random, clock } = this.#options;
    for (const offset of group.offsets) this.#failures.set(offset, group.failures);
    this.#waiting.set(group, clock.now() + retryDelay(policy, group.failures, random));
    void this.#report([], group.offsets.length);
  }

  /** Stores an outcome some time; waits only where too many are on their way. */
  async #tell(outcome: CallOutcome): Promise<void> {
    void this.#report([outcome]);
    this.#options.onChange(outcome.kind === 'outputs' ? outcome.count : 1);
    await this.#options.room();
  }

  /** Resolves when the store has taken it. */
  #report(outcomes: readonly CallOutcome[], retried = 0): Promise<boolean> {
    const failures = retried === 0 ? {} : { failures: this.#failureList() };
    return this.#options.report({ outcomes, retried, ...failures, next: 'keep' });
  }

  async #end(): Promise<ChunkEnd> {
    if (this.#broken?.kind === 'left') return this.#broken;
    const { clock, signal } = this.#options;
    if (this.#left === 0) return this.#last('finish', { kind: 'finished' });
    if (signal.aborted && signal.reason !== GIVEN_BACK) return { kind: 'lost' };
    // Not before all of them may be tried again: how long each has to wait is not stored.
    const latest = Math.max(0, ...this.#waiting.values().map((due) => due - clock.now()));
    const afterMs = this.#broken ? Math.max(latest, ELSEWHERE_MS) : latest;
    return this.#last({ release: { afterMs: Math.ceil(afterMs) } }, this.#broken ?? { kind: 'released' });
  }

  async #last(next: Report['next'], end: ChunkEnd): Promise<ChunkEnd> {
    const good = await this.#options.report({ outcomes: [], retried: 0, failures: this.#failureList(), next });
    return good ? end : { kind: 'lost' };
  }

  #failureList(): number[] {
    const { first } = this.#options.lease;
    const rising = [...this.#failures].toSorted(([one], [other]) => one - other);
    return rising.flatMap(([offset, times]) => [first + offset, times]);
  }

  #give(broken: Extract<ChunkEnd, { kind: 'released' | 'left' }>): void {
    this.#broken ??= broken;
    this.#wake.resolve();
  }

  #settle(first: number, count: number): void {
    this.#settled.fill(1, first, first + count);
    this.#left -= count;
    for (let offset = first; offset < first + count; offset++) this.#failures.delete(offset);
  }

  #isOpen(offset: number): boolean {
    return this.#settled[offset] === 0;
  }

  /** At first: those on which the function failed as often together, or each alone. */
  #groups(): Group[] {
    const open = [...this.#settled.keys()].filter((offset) => this.#isOpen(offset));
    const failuresOf = (offset: number): number => this.#failures.get(offset) ?? 0;
    if (this.#apart) return open.map((offset) => ({ offsets: [offset], failures: failuresOf(offset) }));
    return Array.from(Map.groupBy(open, failuresOf), ([failures, offsets]) => ({ offsets, failures }));
  }
}

function halves(offsets: readonly number[]): readonly (readonly number[])[] {
  const middle = offsets.length >> 1;
  return [offsets.slice(0, middle), offsets.slice(middle)];
}
