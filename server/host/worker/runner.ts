import { setImmediate as breathe } from 'node:timers/promises';
import { contexts } from '../../../shard/app/context.ts';
import type { FunctionDefinition } from '../../../shard/app/definition.ts';
import { isGenerator, type Items } from '../../../shard/app/generator.ts';
import { type Issue, validate } from '../../../shard/app/validate.ts';
import { ShardError } from '../../../shard/errors.ts';
import { encodeBlock } from '../../../shard/wire/block.ts';
import { invalid, kindOf } from '../../../core/functions/options.ts';
import { ServerError } from '../../errors.ts';
import type { Piece } from '../messages.ts';
import type { Asks } from './asks.ts';
import type { Channel } from './channel.ts';
import { Report } from './report.ts';
import { Run } from './run.ts';
import type { Unit } from './unit.ts';
import { Yielding } from './yielding.ts';

/** Milliseconds after which messages of the node are looked at, however quickly the handlers run. */
const TURN_MS = 20;

interface Work {
  readonly definition: FunctionDefinition;
  readonly piece: Piece;
  readonly report: Report;
  /** Whether the node wants to know of each run that it begins. */
  readonly told: boolean;
  readonly abort: AbortController;
  /** The generator that runs, if its items are streamed. */
  yielding?: Yielding;
  /** Position of the first input that has not begun. */
  next: number;
}

/** An input that may run. */
interface Entry {
  readonly position: number;
  /** What the handler takes. */
  readonly args: readonly unknown[];
}

/** Runs the functions of one unit over the pieces that come, first come first served, `concurrency` runs at once. */
export class Runner {
  readonly #unit: Unit;
  readonly #channel: Channel;
  readonly #asks: Asks;
  readonly #queue: Work[] = [];
  readonly #known = new Map<number, Work>();
  #lanes = 0;
  #breath = 0;
  #idle: () => void = () => {};

  constructor(unit: Unit, channel: Channel, asks: Asks) {
    this.#unit = unit;
    this.#channel = channel;
    this.#asks = asks;
  }

  run(piece: Piece): void {
    const definition = this.#unit.functions.get(piece.function)!;
    const told = piece.watched || definition.options.timeout !== undefined;
    const report = new Report(this.#channel, piece, { prompt: told });
    const work = { definition, piece, report, told, abort: new AbortController(), next: 0 };
    this.#known.set(piece.id, work);
    this.#queue.push(work);
    this.#breath = performance.now();
    this.proceed();
  }

  /** The outputs of a piece are not taken: it waits until they are. */
  hold(piece: number, full: boolean): void {
    this.#known.get(piece)?.report.hold(full);
    this.proceed();
  }

  /** Begins what can begin: a piece came, or what was sent has been taken. */
  proceed(): void {
    for (; this.#lanes < this.#unit.concurrency && this.#head(); this.#lanes++) void this.#lane();
  }

  abort(piece: number): void {
    this.#known.get(piece)?.abort.abort(new ServerError('CALL_CANCELLED', 'Nobody waits for this run any more'));
    this.proceed();
  }

  /** Begins nothing more, and resolves when the handlers that run have ended, or have not in `patience` milliseconds. */
  async end(patience: number): Promise<void> {
    for (const piece of this.#known.keys()) this.abort(piece);
    if (this.#lanes === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const timer = setTimeout(resolve, patience);
    await promise;
    clearTimeout(timer);
  }

  /** How many items of a piece have been taken in all. */
  taken(piece: number, count: number): void {
    this.#known.get(piece)?.yielding?.taken(count);
  }

  async #lane(): Promise<void> {
    try {
      for (let work = this.#head(); work; work = this.#head()) {
        const step = this.#step(work);
        // What a handler gives at once costs no wait.
        if (step) await step;
        if (performance.now() - this.#breath < TURN_MS) continue;
        await breathe();
        this.#breath = performance.now();
      }
    } finally {
      this.#lanes--;
      if (this.#lanes === 0) this.#idle();
    }
  }

  /** The work whose next input is to begin. */
  #head(): Work | undefined {
    for (let at = 0; at < this.#queue.length;) {
      const work = this.#queue[at]!;
      const left = work.piece.inputs.length - work.next;
      if (left > 0 && !work.abort.signal.aborted) {
        if (!work.report.full) return work;
        at++;
        continue;
      }
      this.#queue.splice(at, 1);
      if (left > 0) this.#settled(work, () => work.report.skipped(left));
    }
    return undefined;
  }

  #step(work: Work): Promise<void> | undefined {
    const { definition, piece } = work;
    const { maxBatchSize } = definition.options;
    const from = work.next;
    work.next = Math.min(piece.inputs.length, from + (maxBatchSize ?? 1));
    const entries = this.#entries(work, from);
    this.#begun(work, entries);
    if (definition.input) return this.#checked(work, entries);
    return this.#run(work, entries);
  }

  async #checked(work: Work, entries: readonly Entry[]): Promise<void> {
    await this.#run(work, await this.#valid(work, entries));
  }

  #run(work: Work, entries: readonly Entry[]): Promise<void> | undefined {
    const [first] = entries;
    if (!first) return undefined;
    return work.definition.options.maxBatchSize === undefined ? this.#one(work, first) : this.#many(work, entries);
  }

  /** The inputs that a step takes, less those that are not the arguments that they should be. */
  #entries(work: Work, from: number): readonly Entry[] {
    const { piece, next } = work;
    const entries: Entry[] = [];
    for (let position = from; position < next; position++) {
      const input = piece.inputs[position];
      if (!piece.spread) entries.push({ position, args: [input] });
      else if (Array.isArray(input)) entries.push({ position, args: input });
      else {
        const error = invalid(`Expected the arguments of ${piece.function} as an array, got ${kindOf(input)}`);
        this.#settled(work, () => work.report.failure(position, error, []));
      }
    }
    return entries;
  }

  /** Those that fit the schema, as it makes them; the others have failed, each alone. */
  async #valid(work: Work, entries: readonly Entry[]): Promise<Entry[]> {
    const schema = work.definition.input!;
    const checked = await Promise.all(
      entries.map(async ({ position, args }): Promise<Entry | undefined> => {
        try {
          const run = this.#context(work, position);
          return { position, args: [await contexts.run(run, () => validate(schema, args[0]))] };
        } catch (error) {
          this.#settled(work, () => work.report.failure(position, error, issuesOf(error)));
          return undefined;
        }
      }),
    );
    const valid = checked.filter((entry) => entry !== undefined);
    if (valid.length < entries.length) this.#begun(work, valid);
    return valid;
  }

  /** Waits only for a handler that does. */
  #one(work: Work, { position, args }: Entry): Promise<void> | undefined {
    try {
      const value = contexts.run(this.#context(work, position), this.#called, work, args);
      if (isThenable(value)) return this.#awaited(work, position, value);
      this.#made(work, position, value);
    } catch (error) {
      this.#settled(work, () => work.report.failure(position, error));
    }
    return undefined;
  }

  async #awaited(work: Work, position: number, value: PromiseLike<unknown>): Promise<void> {
    try {
      this.#made(work, position, await value);
    } catch (error) {
      this.#settled(work, () => work.report.failure(position, error));
    }
  }

  readonly #called = (work: Work, args: readonly unknown[]): unknown => {
    const { handler, generator, options } = work.definition;
    const made = handler(...this.#unit.state, ...args);
    const value = generator ? this.#items(work, made as Items) : made;
    return hasVolumes(options) ? committed(value) : value;
  };

  #made(work: Work, position: number, value: unknown): void {
    if (isGenerator(value)) throw notDeclared(work.definition.name);
    this.#settled(work, () => work.report.value(position, value));
  }

  /** Streams what a generator yields, or gathers it. */
  async #items(work: Work, generator: Items): Promise<unknown> {
    const { id, ahead } = work.piece;
    if (ahead === undefined) return Array.fromAsync<unknown>(generator);
    const send = (items: readonly unknown[]): void => {
      const { count, bytes } = encodeBlock(items);
      this.#channel.send({ type: 'yields', piece: id, count }, bytes);
    };
    work.yielding = new Yielding({ ahead, signal: work.abort.signal, send });
    return work.yielding.run(generator);
  }

  /** Runs a batched handler; if it fails, on halves, until the input at fault is alone. */
  async #many(work: Work, entries: readonly Entry[]): Promise<void> {
    const { handler, name } = work.definition;
    const { length } = entries;
    const [{ position }] = entries as [Entry];
    const inputs = entries.map(({ args }) => args[0]);
    try {
      const values = await contexts.run(this.#context(work, position), () => {
        const made = handler(...this.#unit.state, inputs);
        return hasVolumes(work.definition.options) ? committed(made) : made;
      });
      if (!Array.isArray(values) || values.length !== length) throw miscounted(name, values, length);
      this.#settled(work, () => entries.forEach((entry, at) => work.report.value(entry.position, values[at])));
    } catch (error) {
      if (length === 1) return this.#settled(work, () => work.report.failure(position, error));
      if (work.abort.signal.aborted) return this.#settled(work, () => work.report.skipped(length));
      const middle = length >> 1;
      for (const half of [entries.slice(0, middle), entries.slice(middle)]) {
        this.#begun(work, half);
        await this.#many(work, half);
      }
    }
  }

  #begun(work: Work, entries: readonly Entry[]): void {
    if (!work.told || entries.length === 0) return;
    const positions = entries.map(({ position }) => position);
    this.#channel.send({ type: 'begun', piece: work.piece.id, positions });
  }

  #context(work: Work, position: number): Run {
    const { abort, piece, definition } = work;
    const { volumes } = definition.options;
    return new Run(piece, position, { abort, channel: this.#channel, asks: this.#asks, volumes });
  }

  #settled(work: Work, report: () => void): void {
    report();
    if (work.report.done) this.#known.delete(work.piece.id);
  }
}

function hasVolumes({ volumes }: FunctionDefinition['options']): boolean {
  return Object.keys(volumes).length > 0;
}

/** What a handler gives, once what it has changed in its volumes is visible. */
async function committed(made: unknown): Promise<unknown> {
  const value = await made;
  await (contexts.getStore() as Run).commitVolumes();
  return value;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function notDeclared(name: string): ServerError {
  const message = `${name} gave a generator, but is no generator function: declare it with async function*`;
  return new ServerError('FUNCTION_FAILED', message);
}

/** Why an input does not fit, if it was its schema that refused it. */
function issuesOf(error: unknown): readonly Issue[] | undefined {
  if (!(error instanceof ShardError) || error.code !== 'INPUT_INVALID') return undefined;
  return error.details?.['issues'] as readonly Issue[] | undefined;
}

function miscounted(name: string, values: unknown, count: number): ServerError {
  const got = Array.isArray(values) ? `${values.length}` : `no array but ${values === null ? 'null' : typeof values}`;
  return new ServerError('FUNCTION_FAILED', `Expected ${name} to give an array of ${count} outputs, got ${got}`);
}
