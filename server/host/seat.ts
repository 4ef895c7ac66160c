import type { Logger } from 'pino';
import { CoreError } from '../../core/errors.ts';
import type { Chunks } from '../../shard/wire/chunks.ts';
import { packError } from '../../core/thread/packed-error.ts';
import type { SettledOptions } from '../../shard/app/definition.ts';
import { ShardError } from '../../shard/errors.ts';
import type { Clock } from '../clock.ts';
import { answerOf } from './answer.ts';
import { ServerError } from '../errors.ts';
import type { Failure, FromWorker, LogEntry, Results } from './messages.ts';
import { machineMemory } from './memory.ts';
import { isOutOfMemory } from './out-of-memory.ts';
import { packInputs } from './packing.ts';
import { placesOf } from './places.ts';
import { type Death, halves, type Portion, remainder, suspects } from './portion.ts';
import type { Task } from './task.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Share of the machine's memory that one worker may take unless its function says otherwise. */
const MEMORY_SHARE = 0.5;
/** Milliseconds that a handler may take to notice that nobody waits for it. */
const ABORT_GRACE_MS = 5_000;

export type SeatSettings = Pick<SettledOptions, 'maxBatchSize' | 'maxRunsPerWorker' | 'maxWorkerMemory'>;

export interface SeatOptions {
  readonly function: string;
  readonly settings: SeatSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something has finished here; there may be room. */
  readonly onRoom: (took: Took) => void;
  /** It has used up what it may: it takes nothing new, and is to be replaced. */
  readonly onRecycle: () => void;
  /** The process is gone; what it left is to be run elsewhere. */
  readonly onGone: (left: readonly Portion[], end: End) => void;
  /** Inputs for which there is too little memory here are run elsewhere. Default: they fail. */
  readonly onOutOfMemory?: (portion: Portion) => void;
}

/** What a worker needed for some inputs. */
export interface Took {
  readonly task: Task;
  readonly milliseconds: number;
  readonly inputs: number;
}

export interface End {
  /** Exit code or signal, for people. */
  readonly how: string;
  /** Whether we have ended it. */
  readonly asked: boolean;
  /** Whether it ended by itself, and not on account of what it ran, before it had finished anything. */
  readonly useless: boolean;
}

interface Running {
  readonly portion: Portion;
  readonly began: number;
  /** Positions in the task of those runs that were told of. */
  readonly begun: Set<number>;
  /** Positions in the task of those that are run elsewhere by now. */
  readonly moved: Set<number>;
  /** Of the runs that have begun, by their first position. */
  readonly deadlines: Map<number, Disposable>;
  grace?: Disposable;
}

/** A worker with what it runs: hands it portions, watches their time, and takes back what it leaves when it dies. */
export class Seat {
  readonly #worker: WorkerProcess;
  readonly #options: SeatOptions;
  readonly #running = new Map<number, Running>();
  #next = 0;
  /** The portions that are to be run as they were, or in halves, after we have ended the process ourselves. */
  #ended: { readonly overdue?: Portion } | undefined;
  #retired = false;
  #idleSince: number;
  #lastFinish = -Infinity;
  #finished = 0;
  /** Inputs that it may still be given. */
  #room: number;

  constructor(worker: WorkerProcess, options: SeatOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#idleSince = options.clock.now();
    const { maxRunsPerWorker = Infinity, maxBatchSize = 1 } = options.settings;
    this.#room = maxRunsPerWorker * maxBatchSize;
    worker.listen({ message: (message, bytes) => this.#receive(message, bytes), exit: (how) => this.#exit(how) });
  }

  /** Portions here. */
  get load(): number {
    return this.#running.size;
  }

  /** Portions here that go on, since their outputs are taken. */
  get active(): number {
    return this.#running.values().reduce((sum, { portion }) => sum + (portion.task.full ? 0 : 1), 0);
  }

  /** Inputs here. */
  get inputs(): number {
    return this.#running.values().reduce((sum, { portion: { positions } }) => sum + positions.length, 0);
  }

  /** Since when there is nothing here. */
  get idleSince(): number {
    return this.#idleSince;
  }

  /** How many inputs it may still be given before it is replaced, 1 or more. */
  get room(): number {
    return this.#room;
  }

  /** Whether it takes nothing new. */
  get retired(): boolean {
    return this.#retired || this.#ended !== undefined;
  }

  /** Whether another portion may come, beside those that are here. */
  get shared(): boolean {
    return !this.retired && this.#running.values().every(({ portion }) => !portion.alone);
  }

  run(portion: Portion): void {
    const { task, positions } = portion;
    const { batch, spread, blocks, sink, function: name } = task.options;
    const { inputs, parts } = packInputs(blocks, positions);
    const id = this.#next++;
    this.#room -= positions.length;
    this.#running.set(id, {
      portion,
      began: this.#options.clock.now(),
      begun: new Set(),
      moved: new Set(),
      deadlines: new Map(),
    });
    sink?.connect((count) => this.#worker.send({ type: 'taken', piece: id, count }));
    const piece = {
      id,
      function: name,
      spread,
      watched: portion.alone,
      call: batch.call,
      batch: batch.batch,
      failures: batch.failures ?? 0,
      ...(sink && { ahead: sink.ahead }),
      places: placesOf(batch.spans, positions),
      inputs,
    };
    this.#worker.send({ type: 'run', piece }, parts);
    if (this.#room <= 0) this.#recycle('it has had the runs that it may have');
  }

  /** Takes nothing new, and ends in order when what is here is done. */
  retire(): void {
    this.#retired = true;
    if (this.#running.size > 0 || this.#ended !== undefined) return;
    void this[Symbol.asyncDispose]();
  }

  /** Nobody waits for these any more. Handlers that do not end soon are ended with their process. */
  abort(isOver: (portion: Portion) => boolean): void {
    for (const [id, running] of this.#running) {
      if (running.grace || !isOver(running.portion)) continue;
      this.#worker.send({ type: 'abort', piece: id });
      running.grace = this.#options.clock.after(ABORT_GRACE_MS, () => this.#end({}));
    }
  }

  /** The outputs of these are not taken, or are again. */
  hold(isMeant: (portion: Portion) => boolean, full: boolean): void {
    for (const [id, { portion }] of this.#running) {
      if (isMeant(portion)) this.#worker.send({ type: 'hold', piece: id, full });
    }
  }

  /** Ends it in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= {};
    await this.#worker[Symbol.asyncDispose]();
  }

  #receive(message: FromWorker, bytes: Chunks): void {
    switch (message.type) {
      case 'begun':
        this.#begun(message.piece, message.positions);
        break;
      case 'results':
        this.#results(message.results, bytes);
        break;
      case 'unreadable':
        this.#unreadable(message.piece, message.message);
        break;
      case 'yields':
        this.#running.get(message.piece)?.portion.task.options.sink?.push({ count: message.count, bytes });
        break;
      case 'ask':
        void this.#answer(message);
        break;
      case 'memory':
        this.#weigh(message.bytes);
        break;
      case 'ready':
      case 'failed':
      case 'entered':
      case 'exiting':
        break;
      case 'log':
        this.#log(message.entry);
        break;
    }
  }

  #results({ piece, outputs, failures, done }: Results, bytes: Chunks): void {
    const running = this.#running.get(piece);
    if (!running) return;
    const { portion, deadlines } = running;
    if (outputs) portion.task.encoded(portion.positions[outputs.position]!, { count: outputs.count, bytes });
    for (const failure of failures) this.#failure(running, portion.positions[failure.position]!, failure);
    for (const [first, deadline] of deadlines) {
      if (portion.task.isOpen(portion.positions[first]!)) continue;
      deadline[Symbol.dispose]();
      deadlines.delete(first);
    }
    if (done) this.#done(piece, running);
  }

  #unreadable(piece: number, message: string): void {
    const running = this.#running.get(piece);
    if (!running) return;
    running.portion.task.reject(new ShardError('FRAME_INVALID', message));
    this.#done(piece, running);
  }

  /** Nothing of a portion runs here any more. */
  #done(piece: number, { began, portion }: Running): void {
    this.#forget(piece);
    const now = this.#options.clock.now();
    // What waited here behind another has begun when that one ended.
    const milliseconds = now - Math.max(began, this.#lastFinish);
    this.#lastFinish = now;
    this.#idleSince = now;
    this.#finished++;
    if (this.#retired) this.retire();
    this.#options.onRoom({ task: portion.task, milliseconds, inputs: portion.positions.length });
  }

  #failure({ portion: { task }, moved }: Running, position: number, failure: Failure): void {
    const { onOutOfMemory } = this.#options;
    if (!onOutOfMemory || !isOutOfMemory(failure.error)) return task.failure(position, failureOf(failure));
    moved.add(position);
    onOutOfMemory({ task, positions: [position], alone: false, deaths: 0 });
  }

  #recycle(why: string): void {
    if (this.retired) return;
    const { log, function: name } = this.#options;
    log.info({ function: name, worker: this.#worker.pid, why }, 'a worker is replaced');
    this.#options.onRecycle();
    this.retire();
  }

  /** Bytes that the process takes. One that has finished nothing yet is spared, or nothing would ever be. */
  #weigh(bytes: number): void {
    const { maxWorkerMemory = MEMORY_SHARE * machineMemory() } = this.#options.settings;
    if (bytes > maxWorkerMemory && this.#finished > 0) this.#recycle(`it takes ${bytes} bytes of memory`);
  }

  #begun(piece: number, positions: readonly number[]): void {
    const running = this.#running.get(piece);
    const [first] = positions;
    if (!running || first === undefined) return;
    const { clock } = this.#options;
    const { timeout } = running.portion.task.options;
    for (const position of positions) running.begun.add(running.portion.positions[position]!);
    if (timeout === undefined) return;
    // Of a batch that is run in halves, only the half that runs now counts.
    for (const position of positions) running.deadlines.get(position)?.[Symbol.dispose]();
    const { portion } = running;
    const overdue = (): void => {
      const open = positions.map((at) => portion.positions[at]!).filter((position) => portion.task.isOpen(position));
      if (open.length === 0 || portion.task.over) return;
      if (open.length === 1) {
        const message = `The handler took longer than its timeout of ${timeout} ms, and its worker was ended`;
        portion.task.failure(open[0]!, new ServerError('TIMEOUT', message));
      }
      this.#end({ overdue: { ...portion, positions: open } });
    };
    // What has arrived while this process was busy is read before anything is judged to be late.
    const deadline = clock.after(timeout, () => setImmediate(overdue));
    running.deadlines.set(first, deadline);
  }

  /** A line that a handler wrote goes to those who wait for its run, too. */
  #log({ level, message, fields, run }: LogEntry): void {
    if (!run) return;
    for (const { portion } of this.#running.values()) {
      const { batch } = portion.task.options;
      if (batch.call !== run.call || batch.batch !== run.batch || !batch.onLog) continue;
      batch.onLog({ level, message, index: run.index, ...(fields && { fields }) });
      return;
    }
  }

  async #answer({ id, piece, question }: Extract<FromWorker, { type: 'ask' }>): Promise<void> {
    try {
      const running = this.#running.get(piece);
      if (!running) throw new CoreError('DISPOSED', 'The handler that asked the engine has ended');
      const { engine, signal } = running.portion.task.options;
      this.#worker.send({ type: 'answer', id, value: await answerOf(engine, question, signal) });
    } catch (error) {
      this.#worker.send({ type: 'refusal', id, error: packError(error) });
    }
  }

  /** Ends the process ourselves, for one portion's sake. */
  #end(why: { readonly overdue?: Portion }): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#worker.kill();
  }

  #exit(how: string): void {
    const { log, function: name, onOutOfMemory } = this.#options;
    const { outOfMemory } = this.#worker;
    const only = this.#running.size === 1;
    const idle = this.#running.size === 0;
    const left = this.#running
      .values()
      .flatMap(({ portion, begun, moved }) => {
        const positions = portion.positions.filter((position) => !moved.has(position));
        return this.#left({ ...portion, positions }, { how, only, begun, outOfMemory, onOutOfMemory });
      })
      .toArray();
    for (const id of this.#running.keys()) this.#forget(id);
    const inputs = left.reduce((sum, { positions }) => sum + positions.length, 0);
    const asked = this.#ended !== undefined;
    if (asked) log.info({ function: name, worker: this.#worker.pid, how }, 'a worker ended');
    else log.warn({ function: name, worker: this.#worker.pid, how, outOfMemory, again: inputs }, 'a worker died');
    this.#options.onGone(left, { how, asked, useless: !asked && idle && this.#finished === 0 });
  }

  #left(portion: Portion, death: Death): Portion[] {
    const { task } = portion;
    if (task.options.sink?.begun && !task.over) {
      const message = `The worker ended (${death.how}) after the generator had yielded, so it is not run again`;
      task.reject(new ShardError('STREAM_LOST', message));
    }
    if (this.#ended === undefined) return suspects(portion, death);
    const { overdue } = this.#ended;
    if (overdue?.task !== portion.task || overdue.positions.length < 2) return remainder(portion);
    // A batch took too long, and it is not known on account of which input.
    const late = new Set(overdue.positions);
    const others = { ...portion, positions: portion.positions.filter((position) => !late.has(position)) };
    return [...halves(overdue), ...remainder(others)];
  }

  #forget(id: number): void {
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.grace?.[Symbol.dispose]();
    for (const deadline of running?.deadlines.values() ?? []) deadline[Symbol.dispose]();
  }
}

/** What a handler threw, as its caller shall see it. */
function failureOf({ error, issues }: Failure): Error {
  const { name, message, stack, code: own } = error;
  // Not of the form that was announced, so that all of its batch may not be.
  if (issues?.length === 0) return new CoreError('INPUT_INVALID', message);
  if (issues) return new ServerError('INPUT_INVALID', message, { details: { issues } });
  const text = name === 'ServerError' ? message : `${name}: ${message}`;
  const code = isOutOfMemory(error) ? 'OUT_OF_MEMORY' : 'FUNCTION_FAILED';
  const details = { name, ...(own !== undefined && { code: own }), ...(stack !== undefined && { stack }) };
  return new ServerError(code, text, { details });
}
