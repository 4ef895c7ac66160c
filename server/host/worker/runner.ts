import { setImmediate as breathe } from 'node:timers/promises';
import { contexts } from '../../../shard/app/context.ts';
import type { FunctionDefinition } from '../../../shard/app/definition.ts';
import { ServerError } from '../../errors.ts';
import type { Piece } from '../messages.ts';
import type { Channel } from './channel.ts';
import type { Embeddings } from './embeddings.ts';
import { Report } from './report.ts';
import { Run } from './run.ts';

/** Milliseconds after which messages of the node are looked at, however quickly the handlers run. */
const TURN_MS = 20;

interface Work {
  readonly piece: Piece;
  readonly report: Report;
  /** Whether the node wants to know of each run that it begins. */
  readonly told: boolean;
  readonly abort: AbortController;
  /** Position of the first input that has not begun. */
  next: number;
}

/** Runs one function of the app over the pieces that come, first come first served, `concurrency` runs at once. */
export class Runner {
  readonly #definition: FunctionDefinition;
  readonly #channel: Channel;
  readonly #embeddings: Embeddings;
  readonly #queue: Work[] = [];
  readonly #known = new Map<number, Work>();
  #lanes = 0;
  #breath = 0;

  constructor(definition: FunctionDefinition, channel: Channel, embeddings: Embeddings) {
    this.#definition = definition;
    this.#channel = channel;
    this.#embeddings = embeddings;
  }

  run(piece: Piece): void {
    const { timeout, concurrency } = this.#definition.options;
    const told = piece.watched || timeout !== undefined;
    const report = new Report(this.#channel, { piece: piece.id, count: piece.inputs.length, prompt: told });
    const work = { piece, report, told, abort: new AbortController(), next: 0 };
    this.#known.set(piece.id, work);
    this.#queue.push(work);
    this.#breath = performance.now();
    for (; this.#lanes < concurrency && this.#queue.length > 0; this.#lanes++) void this.#lane();
  }

  abort(piece: number): void {
    this.#known.get(piece)?.abort.abort(new ServerError('CALL_CANCELLED', 'Nobody waits for this run any more'));
  }

  async #lane(): Promise<void> {
    try {
      for (let work = this.#head(); work; work = this.#head()) {
        await this.#step(work);
        if (performance.now() - this.#breath < TURN_MS) continue;
        await breathe();
        this.#breath = performance.now();
      }
    } finally {
      this.#lanes--;
    }
  }

  /** The work whose next input is to begin. */
  #head(): Work | undefined {
    for (;;) {
      const work = this.#queue[0];
      if (work === undefined) return undefined;
      const left = work.piece.inputs.length - work.next;
      if (left > 0 && !work.abort.signal.aborted) return work;
      this.#queue.shift();
      if (left > 0) this.#settled(work, () => work.report.skipped(left));
    }
  }

  async #step(work: Work): Promise<void> {
    const { maxBatchSize } = this.#definition.options;
    const from = work.next;
    if (maxBatchSize === undefined) {
      work.next = from + 1;
      return this.#one(work, from);
    }
    const to = Math.min(work.piece.inputs.length, from + maxBatchSize);
    work.next = to;
    return this.#many(work, from, to);
  }

  async #one(work: Work, position: number): Promise<void> {
    const { handler } = this.#definition;
    const input = work.piece.inputs[position];
    this.#begun(work, position, position + 1);
    try {
      const args = work.piece.spread ? (input as readonly unknown[]) : [input];
      const value = await contexts.run(this.#context(work, position), () => handler(...args));
      this.#settled(work, () => work.report.value(position, value));
    } catch (error) {
      this.#settled(work, () => work.report.failure(position, error));
    }
  }

  /** Runs a batched handler; if it fails, on halves, until the input at fault is alone. */
  async #many(work: Work, from: number, to: number): Promise<void> {
    const { handler, name } = this.#definition;
    const { inputs, spread } = work.piece;
    const part = inputs.slice(from, to);
    // Arguments come as arrays of one.
    const given = spread ? part.map((input) => (input as readonly unknown[])[0]) : part;
    this.#begun(work, from, to);
    try {
      const values = await contexts.run(this.#context(work, from), () => handler(given));
      if (!Array.isArray(values) || values.length !== to - from) throw miscounted(name, values, to - from);
      this.#settled(work, () => values.forEach((value, at) => work.report.value(from + at, value)));
    } catch (error) {
      if (to - from === 1) return this.#settled(work, () => work.report.failure(from, error));
      if (work.abort.signal.aborted) return this.#settled(work, () => work.report.skipped(to - from));
      const middle = from + ((to - from) >> 1);
      await this.#many(work, from, middle);
      await this.#many(work, middle, to);
    }
  }

  #begun(work: Work, from: number, to: number): void {
    if (!work.told) return;
    const positions = Array.from({ length: to - from }, (_, at) => from + at);
    this.#channel.send({ type: 'begun', piece: work.piece.id, positions });
  }

  #context(work: Work, position: number): Run {
    const { abort, piece } = work;
    return new Run(piece, position, { abort, channel: this.#channel, embeddings: this.#embeddings });
  }

  #settled(work: Work, report: () => void): void {
    report();
    if (work.report.done) this.#known.delete(work.piece.id);
  }
}

function miscounted(name: string, values: unknown, count: number): ServerError {
  const got = Array.isArray(values) ? `${values.length}` : `no array but ${values === null ? 'null' : typeof values}`;
  return new ServerError('FUNCTION_FAILED', `Expected ${name} to give an array of ${count} outputs, got ${got}`);
}
