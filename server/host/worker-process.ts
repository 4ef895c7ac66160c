import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { packError, reviveError } from '../../core/thread/packed-error.ts';
import { ServerError } from '../errors.ts';
import type { Chunks } from '../../shard/wire/chunks.ts';
import { compileCache } from './compile-cache.ts';
import { memoryKills } from './memory.ts';
import { saysHeapIsFull } from './out-of-memory.ts';
import type { AppDescription, FromWorker, LogEntry, ToWorker } from './messages.ts';
import { type VolumeSource, volumeAnswerOf } from './volumes.ts';
import { NODE_PIPE, Pipe } from './pipe.ts';

/** What it wrote last is kept, to know why it ended. */
const SAID_CHARACTERS = 8_192;
/** Milliseconds after its end that more may be read of what it wrote. */
const SAID_MS = 1_000;
/** Milliseconds that a process may take to end by itself. */
const END_MS = 2_000;
/** Milliseconds that it may take if it has a state to put away. */
const EXIT_MS = 10_000;

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const script = fileURLToPath(new URL(`./worker/app.worker${extension}`, import.meta.url));

/** What a process says once it is ready; one owner listens. */
export interface WorkerListener {
  message(message: FromWorker, bytes: Chunks): void;
  /** Called once, when the process is gone. `how` is its exit code or signal, for people. */
  exit(how: string): void;
}

/** Where the module of an app is. */
export interface AppModule {
  readonly path: string;
  /** Of a bundle: the directory from which the packages resolve that it imports. */
  readonly packages?: string;
  /** Makes of the app's own name that under which it is known. Default: the same. */
  readonly nameOf?: (own: string) => string;
}

/** What hears what an app logs. */
export type OnLog = (entry: LogEntry) => void;

export interface StartOptions {
  /** Milliseconds that the module may take to load. */
  readonly timeout: number;
  /** Variables of the process, beside the node's own. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives up, and ends the process. */
  readonly signal?: AbortSignal;
  /** Default: only the node's log hears it. */
  readonly onLog?: OnLog | undefined;
  /** Default: handlers have none. */
  readonly volumes?: VolumeSource | undefined;
}

/** A process, and the pipe to it. */
class Child {
  readonly process: ChildProcess;
  readonly pipe: Pipe<ToWorker, FromWorker>;
  /** Resolves to how it ended, once all that it sent has been heard. */
  readonly ended: Promise<string>;
  onMessage: (message: FromWorker, bytes: Chunks) => void = () => {};

  constructor(child: ChildProcess) {
    this.process = child;
    const stream = this.process.stdio[NODE_PIPE] as Duplex;
    this.pipe = new Pipe(stream, (message, bytes) => this.onMessage(message, bytes));
    this.ended = endOf(this.process, stream);
  }
}

/** A process that runs an app's functions. */
export class WorkerProcess implements AsyncDisposable {
  readonly app: AppDescription;
  readonly #child: Child;
  readonly #exited: Promise<void>;
  /** Whether that was why it ended, the machine's or that of its heap. */
  outOfMemory = false;
  #listener: WorkerListener | undefined;
  #ended: string | undefined;
  /** Until it must have ended. */
  #limit: NodeJS.Timeout | undefined;

  private constructor(child: Child, app: AppDescription, log: Logger, { onLog, volumes }: StartOptions) {
    this.#child = child;
    this.app = app;
    const tagged = log.child({ app: app.name });
    const kills = memoryKills();
    let said = '';
    child.process.stderr!.on('data', (text: string) => (said = (said + text).slice(-SAID_CHARACTERS)));
    child.onMessage = (message, bytes) => {
      if (message.type === 'exiting') return this.#extend();
      if (message.type === 'ask' && 'volume' in message.question) {
        return void this.#answer(message.id, volumeAnswerOf(volumes, message.question.volume));
      }
      if (message.type === 'log') write(tagged, message.entry, onLog);
      this.#listener?.message(message, bytes);
    };
    this.#exited = child.ended.then((how) => {
      this.outOfMemory = saysHeapIsFull(said) || (how === 'SIGKILL' && memoryKills() > kills);
      const why = FAILED.test(how) ? uncaughtIn(said) : undefined;
      this.#ended = why === undefined ? how : `${how}, ${why}`;
      this.#listener?.exit(this.#ended);
    });
  }

  /** Starts a process and loads the app there. Throws `APP_INVALID`, or the signal's reason. */
  static async start(module: AppModule, log: Logger, options: StartOptions): Promise<WorkerProcess> {
    options.signal?.throwIfAborted();
    const child = new Child(await spawned(module, { ...process.env, ...compileCache(), ...options.env }));
    const { process: its } = child;
    for (const [name, stream] of Object.entries({ stdout: its.stdout!, stderr: its.stderr! })) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log.info({ worker: its.pid, stream: name }, text.trimEnd());
        options.onLog?.({ level: name === 'stderr' ? 'warn' : 'info', message: text.trimEnd() });
      });
    }
    // Sending to a process that has just gone; its end tells all there is to tell.
    its.on('error', () => {});
    try {
      const { name, functions } = await loaded(child, module, log, options);
      return new WorkerProcess(child, { name: module.nameOf?.(name) ?? name, functions }, log, options);
    } catch (error) {
      its.kill('SIGKILL');
      await child.ended;
      throw error;
    }
  }

  /** Whether it has ended. */
  get gone(): boolean {
    return this.#ended !== undefined;
  }

  get pid(): number {
    return this.#child.process.pid!;
  }

  listen(listener: WorkerListener): void {
    this.#listener = listener;
    const how = this.#ended;
    if (how !== undefined) queueMicrotask(() => listener.exit(how));
  }

  send(message: ToWorker, parts?: readonly Uint8Array[]): void {
    this.#child.pipe.send(message, parts);
  }

  /** Makes it run the functions of one function or class. Throws `ENTER_FAILED` with what `enter` threw, and ends it. */
  async enter(workers: string, { timeout, signal }: Omit<StartOptions, 'env'>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (what: string, cause?: unknown): void =>
      reject(new ServerError('ENTER_FAILED', `The state of ${workers} could not be made: ${what}`, { cause }));
    this.listen({
      message: (message) => {
        if (message.type === 'entered') return resolve();
        if (message.type !== 'failed') return;
        const { name, message: text, stack } = message.error;
        failed(stack ?? `${name}: ${text}`, reviveError(message.error));
      },
      exit: (how) => failed(`its worker ended (${how})`),
    });
    const timer = setTimeout(() => failed('it took longer than startupTimeout allows'), timeout);
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.send({ type: 'enter', workers });
    try {
      signal?.throwIfAborted();
      await promise;
    } catch (error) {
      this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends it at once; `exit` follows. */
  kill(): void {
    this.#child.process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended !== undefined) return;
    this.send({ type: 'end' });
    this.#limit = setTimeout(() => this.kill(), END_MS);
    await this.#exited;
    clearTimeout(this.#limit);
  }

  async #answer(id: number, asked: Promise<unknown>): Promise<void> {
    try {
      this.send({ type: 'answer', id, value: await asked });
    } catch (error) {
      this.send({ type: 'refusal', id, error: packError(error) });
    }
  }

  #extend(): void {
    clearTimeout(this.#limit);
    this.#limit = setTimeout(() => this.kill(), EXIT_MS);
  }
}

/** A new process. Throws `APP_INVALID` where there can't be one: of too many processes, or open files. */
async function spawned({ path, packages }: AppModule, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const args = [...process.execArgv, script, path, ...(packages === undefined ? [] : [packages])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env });
  if (child.pid !== undefined) return child;
  const [cause] = (await once(child, 'error')) as [Error];
  throw new ServerError('APP_INVALID', `The app ${path} could not be started: ${cause.message}`, { cause });
}

const FAILED = /^exit code [1-9]/;

/** The error that nobody caught, among the last words of a process. */
function uncaughtIn(said: string): string | undefined {
  return /^(?:\w*Error|Uncaught)\b.*(?=\n {4}at )/m.exec(said)?.[0].slice(0, 200);
}

async function endOf(child: ChildProcess, stream: Duplex): Promise<string> {
  const exit = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  // Also after an error: what was sent before is read first.
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  const how = await exit;
  await closed;
  // Its last words say why it ended, unless a process that it has started keeps the line.
  if ((how === 'SIGABRT' || FAILED.test(how)) && !child.stderr!.closed) {
    await Promise.race([once(child.stderr!, 'close'), sleep(SAID_MS, undefined, { ref: false })]);
  }
  return how;
}

async function loaded(
  child: Child,
  { path, packages }: AppModule,
  log: Logger,
  { timeout, signal, onLog }: StartOptions,
): Promise<AppDescription> {
  const { promise, resolve, reject } = Promise.withResolvers<AppDescription>();
  const [code, subject] =
    packages === undefined
      ? (['APP_INVALID', `The app ${path}`] as const)
      : (['BUNDLE_INVALID', 'The module'] as const);
  const invalid = (what: string, cause?: unknown): void =>
    reject(new ServerError(code, `${subject} ${what}`, { cause }));
  const onMessage = (message: FromWorker): void => {
    if (message.type === 'log') return write(log, message.entry, onLog);
    if (message.type === 'ready') return resolve(message.app);
    if (message.type !== 'failed') return;
    const { name, message: text, stack, code: its } = message.error;
    // It has been loaded, and is no app.
    if (its === 'APP_INVALID')
      return reject(new ServerError(its, text.replace(path, packages === undefined ? path : subject)));
    invalid(`could not be loaded: ${stack ?? `${name}: ${text}`}`, reviveError(message.error));
  };
  const onExit = (code: number | null, signal: string | null): void =>
    invalid(`ended while it was loaded (${signal ?? `exit code ${code}`}); the log has what it said`);
  const timer = setTimeout(() => invalid(`was not loaded after ${timeout} ms, its startupTimeout`), timeout);
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  child.onMessage = onMessage;
  child.process.once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    child.process.off('exit', onExit);
  }
}

function write(log: Logger, entry: LogEntry, onLog: OnLog | undefined): void {
  const { level, message, fields, run } = entry;
  log[level]({ ...fields, ...run }, message);
  onLog?.(entry);
}
