import type { CallLogLine, CallStatus } from '../../shard/call/contract.ts';
import { requireBoolean, requireKnown, requireNumber } from '../../shard/options.ts';
import type { Outputs } from '../contract.ts';
import { SdkError } from '../errors.ts';
import type { CallNodes } from './ask.ts';
import type { CallEntry } from './entries.ts';

/** What is read of a call, and in which order. */
export interface ReadOptions {
  /** In the order of the inputs, or as they complete. Default: `true`. */
  readonly ordered?: boolean;
  /** Position of the first input whose outcome is wanted. A whole number of 0 or more; default 0. */
  readonly from?: number;
  /** Wait for what is still to come, and not only give what there is. Default: `true`. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
}

export interface IterateOptions<E extends boolean = boolean> extends ReadOptions {
  /** Yield an `InputError` in the place of an output that failed, in place of ending with it. Default: `false`. */
  readonly returnErrors?: E;
}

export interface EntriesOptions extends ReadOptions {
  /** Only those that failed. Default: `false`. */
  readonly failed?: boolean;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
}

export interface CallLogsOptions extends WaitOptions {
  /** Go on with lines that are still to come, until the call has ended. Default: `false`. */
  readonly follow?: boolean;
}

const READ_NAMES: readonly (keyof ReadOptions)[] = ['ordered', 'from', 'wait', 'signal'];
const ITERATE_NAMES: ReadonlySet<string> = new Set<keyof IterateOptions>([...READ_NAMES, 'returnErrors']);
const ENTRIES_NAMES: ReadonlySet<string> = new Set<keyof EntriesOptions>([...READ_NAMES, 'failed']);
const LOGS_NAMES: ReadonlySet<string> = new Set<keyof CallLogsOptions>(['follow', 'signal']);
const LOG_LINES = 1000;

/** What gives calls by their ids: a connection. */
export interface Calling {
  call<O = unknown, R = O>(id: string): FunctionCall<O, R>;
}

/** The outputs that calls give, one for each. */
export type Gathered<Calls extends readonly Pick<FunctionCall<unknown, unknown>, 'get'>[]> = {
  -readonly [K in keyof Calls]: Awaited<ReturnType<Calls[K]['get']>>;
};

/**
 * A call that `spawn` or `spawnMap` has begun, which the nodes go on with whoever is there to see. `O` is the output of
 * one input, and `R` what `get` gives. All of its methods may be used from other programs, and again: outputs stay until
 * the call is forgotten. They reject with a `NodeError` of code `CALL_UNKNOWN` once it is.
 */
export class FunctionCall<O, R = O> {
  readonly id: string;
  readonly #nodes: CallNodes;
  #single: boolean | undefined;

  /** Made by `spawn`, `spawnMap` and `Connection.call`. */
  constructor(nodes: CallNodes, id: string, single?: boolean) {
    this.id = id;
    this.#nodes = nodes;
    this.#single = single;
  }

  /** The call of that id: the same as `warp.call(id)`. */
  static fromId<O = unknown, R = O>(warp: Calling, id: string): FunctionCall<O, R> {
    return warp.call<O, R>(id);
  }

  /** What each of the calls gives, once all have. Rejects with the first failure, and leaves the others running. */
  static async gather<const Calls extends readonly Pick<FunctionCall<unknown, unknown>, 'get'>[]>(
    ...calls: Calls
  ): Promise<Gathered<Calls>> {
    return (await Promise.all(calls.map((call) => call.get()))) as Gathered<Calls>;
  }

  /**
   * The output of `spawn`; of `spawnMap`, the array of all outputs in order, for which `iterate` needs less memory.
   * Waits for it. Rejects with the first `InputError`, or with `CALL_CANCELLED`.
   */
  async get({ signal }: WaitOptions = {}): Promise<R> {
    this.#single ??= (await this.status()).single;
    const outputs = await Array.fromAsync(this.iterate({ ...(signal && { signal }) }));
    return (this.#single ? outputs[0] : outputs) as R;
  }

  /**
   * Outputs, also while the call runs, each exactly once and on bounded memory. Ends with the first `InputError`, unless
   * these are returned; with `CALL_CANCELLED` after what came before that.
   */
  async *iterate<E extends boolean = false>(options: IterateOptions<E> = {}): Outputs<O, E> {
    requireKnown(options, ITERATE_NAMES, 'iterate');
    const { returnErrors = false, ...read } = options;
    requireBoolean('returnErrors', returnErrors);
    for await (const entry of this.entries(read)) {
      if (!('error' in entry)) yield entry.output;
      else if (returnErrors) yield entry.error as never;
      else throw entry.error;
    }
  }

  /** As `iterate`, with positions, and with failures among the outputs. */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<CallEntry<O>, void, undefined> {
    requireKnown(options, ENTRIES_NAMES, 'entries');
    const { ordered = true, from = 0, wait = true, failed = false, signal } = options;
    for (const [name, value] of Object.entries({ ordered, wait, failed })) requireBoolean(name, value);
    requireNumber('from', from, { from: 0, whole: true });
    // With the first that is read: the workers of an app load this class too, and read none.
    const { entriesOf } = await import('./entries.ts');
    yield* entriesOf<O>(this.#nodes, this.id, { ordered, from, failed, wait, signal });
    if (!wait) return;
    const { state } = await this.status();
    if (state === 'cancelled') throw cancelled(this.id);
  }

  /** How far it is. */
  async status(): Promise<CallStatus> {
    return this.#nodes.ask((calls, signal) => calls.status(this.id, { signal }));
  }

  /** Resolves to its last status, once it is done or cancelled. */
  async wait({ signal: given }: WaitOptions = {}): Promise<CallStatus> {
    for (;;) {
      const status = await this.#nodes.ask((calls, signal) => calls.status(this.id, { signal, wait: true }), {
        signal: given,
      });
      if (hasEnded(status)) return status;
    }
  }

  /** Ends it: nodes stop what they run of it, and what has an output or a failure by now keeps it. */
  async cancel(): Promise<void> {
    await this.#nodes.ask((calls, signal) => calls.cancel(this.id, { signal }));
  }

  /** Has the inputs run again that failed, or were cancelled. Resolves to how many. */
  async retryFailed(): Promise<number> {
    return this.#nodes.ask((calls, signal) => calls.retry(this.id, { signal }));
  }

  /** Lines that its handlers have logged, oldest first: the newest 10,000. */
  async *logs(options: CallLogsOptions = {}): AsyncGenerator<CallLogLine, void, undefined> {
    requireKnown(options, LOGS_NAMES, 'logs');
    const { follow = false, signal: given } = options;
    requireBoolean('follow', follow);
    for (let after = 0; ;) {
      // Asked before the lines are, so that none is missed that came before its end.
      const ended = !follow || hasEnded(await this.status());
      const { lines, next } = await this.#nodes.ask(
        (calls, signal) => calls.logs(this.id, { after, limit: LOG_LINES }, { signal, wait: !ended }),
        { signal: given },
      );
      yield* lines;
      if (lines.length === 0 && ended) return;
      after = next;
    }
  }

  /** Removes it with its inputs, outputs and lines; cancels it where it runs. Does nothing if there is none. */
  async forget(): Promise<void> {
    await this.#nodes.ask((calls, signal) => calls.forget(this.id, { signal }));
  }
}

function hasEnded({ state }: CallStatus): boolean {
  return state === 'done' || state === 'cancelled';
}

function cancelled(id: string): SdkError {
  return new SdkError(
    'CALL_CANCELLED',
    `Call ${id} was cancelled, so that what is missing never comes; retryFailed() has it run again`,
  );
}
