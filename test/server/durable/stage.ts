import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry as Prometheus } from 'prom-client';
import type { BatchName, HostedFunction } from '../../../core/functions/contract.ts';
import { Registry } from '../../../core/functions/registry.ts';
import { systemClock } from '../../../server/clock.ts';
import { Changes } from '../../../server/durable/changes.ts';
import { CallMetrics } from '../../../server/durable/metrics.ts';
import { Runner, type RunnerOptions } from '../../../server/durable/runner/runner.ts';
import { ServerError } from '../../../server/errors.ts';
import { NodeFunctions } from '../../../server/functions.ts';
import { createLog } from '../../../server/log.ts';
import { Turns } from '../../../server/map/turns.ts';
import { NodeState } from '../../../server/state.ts';
import type { ChunkStore, StoredStatus } from '../../../server/store/contract.ts';
import { SqliteStore } from '../../../server/store/sqlite/sqlite.ts';
import type { CallStart } from '../../../shard/call/contract.ts';
import { decodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
import { MemoryEngine } from '../fixtures/engine.ts';
import { chunksOf } from './caller.ts';

/** One run of a function: its inputs, and what it is told of them. */
export interface Ran {
  readonly inputs: readonly unknown[];
  readonly failures: number;
  readonly positions: readonly number[];
}

export interface Work {
  readonly input: unknown;
  /** How often it failed before. */
  readonly failures: number;
  readonly signal: AbortSignal;
}

/** A function `work`, and a record of its runs. An input on which `run` throws fails alone, if the error is no `CoreError`. */
export function working(
  run: (work: Work) => unknown,
  more: Partial<HostedFunction> = {},
): HostedFunction & { readonly runs: Ran[] } {
  const runs: Ran[] = [];
  return {
    name: 'work',
    sequential: false,
    ...more,
    runs,
    bind: (_options, _engine, batch: BatchName) => ({
      accept: (input) => input,
      async run(inputs: readonly unknown[], signal, indices) {
        const { failures = 0, spans = [] } = batch;
        runs.push({ inputs, failures, positions: indices.map((index) => positionsOf(spans)[index]!) });
        const values: unknown[] = [];
        const failed = new Map<number, Error>();
        for (const [at, input] of inputs.entries()) {
          try {
            values.push(await run({ input, failures, signal }));
          } catch (error) {
            if ((error as Error).name === 'CoreError') throw error;
            values.push(undefined);
            signal.throwIfAborted();
            failed.set(at, error instanceof ServerError ? error : new ServerError('FUNCTION_FAILED', String(error)));
          }
        }
        return { kind: 'values', values, failures: failed };
      },
    }),
  };
}

/** Rejects when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  throw signal.reason;
}

function positionsOf(spans: readonly number[]): number[] {
  const positions: number[] = [];
  for (let at = 0; at < spans.length; at += 2) {
    for (let offset = 0; offset < spans[at + 1]!; offset++) positions.push(spans[at]! + offset);
  }
  return positions;
}

/** A real store, and runners over it. */
export class Stage implements AsyncDisposable {
  readonly store: SqliteStore;
  readonly changes = new Changes(systemClock);
  readonly #folder: string;
  readonly #runners: Runner[] = [];
  /** A server would keep the process alive; here nothing else does. */
  readonly #alive = setInterval(() => {}, 60_000);

  private constructor(store: SqliteStore, folder: string) {
    this.store = store;
    this.#folder = folder;
  }

  static async open(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'warpmap-stage-'));
    return new Stage(await SqliteStore.open({ path: join(folder, 'calls.sqlite') }), folder);
  }

  /** Starts a runner with these functions, which is disposed with the stage. */
  runner(functions: readonly HostedFunction[], options: Partial<RunnerOptions> = {}): Runner {
    const runner = new Runner({
      store: this.store,
      functions: new NodeFunctions(new Registry(functions)),
      state: new NodeState(new MemoryEngine()),
      changes: this.changes,
      metrics: new CallMetrics(new Prometheus()),
      limits: { leaseMs: 15_000 },
      clock: systemClock,
      turns: new Turns(),
      log: createLog({ level: 'silent' }),
      node: 'here',
      random: () => 0,
      ...options,
    });
    this.#runners.push(runner);
    return runner;
  }

  /** Stores a whole call of `work`, and resolves to its id. */
  async call(
    inputs: readonly unknown[],
    { size = 8, ...start }: Partial<CallStart> & { size?: number } = {},
  ): Promise<string> {
    const id = randomUUID();
    await this.store.create({ id, function: 'work', ...start });
    const chunks = chunksOf(inputs, size);
    await this.store.append(id, chunks);
    await this.store.seal(id, { chunks: chunks.length, inputs: inputs.length });
    this.changes.worked();
    return id;
  }

  /** The status once it is so. */
  async until(call: string, good: (status: StoredStatus) => boolean): Promise<StoredStatus> {
    const { signal } = new AbortController();
    for (;;) {
      const status = await this.changes.until(call, () => this.store.status(call), good, {
        milliseconds: 1_000,
        signal,
      });
      if (good(status)) return status;
    }
  }

  done(call: string): Promise<StoredStatus> {
    return this.until(call, ({ state }) => state === 'done');
  }

  /** By position: outputs, or failures. */
  async outcomes(call: string): Promise<unknown[]> {
    const found: unknown[] = [];
    const { outcomes } = await this.store.outcomes(call, { after: 0, limit: 1_000_000 });
    for (const outcome of outcomes) {
      if (outcome.kind === 'failure') found[outcome.first] = outcome.failure;
      else {
        const values = decodeBlock({ bytes: new Chunks([outcome.block]) });
        for (const [offset, value] of values.entries()) found[outcome.first + offset] = value;
      }
    }
    return found;
  }

  /** Has the lease of the one chunk that there is be lost so often. */
  async lose(times: number): Promise<void> {
    for (let lost = 0; lost < times;) {
      const claim = { node: 'dead', functions: [{ function: 'work' }], limit: 1, leaseMs: 1 };
      lost += (await this.store.claim(claim)).length;
    }
    // Until the last has run out, too.
    await new Promise<void>((resolve) => void setTimeout(resolve, 5));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner[Symbol.asyncDispose]()));
    await this.store[Symbol.asyncDispose]();
    clearInterval(this.#alive);
    await rm(this.#folder, { recursive: true });
  }
}

/** A store whose verb fails as long as `failing` says so. */
export function failing<Verb extends 'claim' | 'acknowledge' | 'renew'>(
  store: ChunkStore,
  verb: Verb,
  error: () => Error | undefined,
): ChunkStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const failure = name === verb ? error() : undefined;
        return failure ? Promise.reject(failure) : (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
