import type { Logger } from 'pino';
import type { HandlerLine } from '../../../core/functions/batch-name.ts';
import type { CallLogLine } from '../../../shard/call/contract.ts';
import type { Clock } from '../../clock.ts';
import type { ChunkStore } from '../../store/contract.ts';

/** Milliseconds that lines wait for more. */
const WAIT_MS = 500;
/** Lines of one call that may wait; the oldest are dropped beyond. */
const MAX_LINES = 1_000;
const MAX_CHARACTERS = 8_192;

export interface CallLogsOptions {
  readonly store: Pick<ChunkStore, 'log'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of this node. */
  readonly node: string;
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

interface Pending {
  readonly lines: CallLogLine[];
  dropped: number;
}

/** What handlers write, on its way to the logs of their calls: some lines together, and no more than are worth keeping. */
export class CallLogs {
  readonly #options: CallLogsOptions;
  readonly #pending = new Map<string, Pending>();
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: CallLogsOptions) {
    this.#options = options;
  }

  add(
    call: string,
    { level, message, fields, ...where }: Omit<HandlerLine, 'index'> & { readonly index?: number },
  ): void {
    const { clock, node, now = Date.now } = this.#options;
    const pending = this.#pending.get(call) ?? { lines: [], dropped: 0 };
    this.#pending.set(call, pending);
    if (pending.lines.length >= MAX_LINES) {
      pending.lines.shift();
      pending.dropped++;
    }
    pending.lines.push({ time: now(), level, message: clipped(message), node, ...where, ...plain(fields) });
    this.#timer ??= clock.after(WAIT_MS, () => void this.flush());
  }

  /** Resolves when all lines so far are written, or given up. */
  flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    this.#writing = this.#writing.then(() => this.#write(pending));
    return this.#writing;
  }

  async #write(pending: readonly (readonly [string, Pending])[]): Promise<void> {
    const { store, log, node, now = Date.now } = this.#options;
    for (const [call, { lines, dropped }] of pending) {
      const message = `${dropped} lines were left out here: more came than can be kept`;
      const note = dropped === 0 ? [] : [{ time: now(), level: 'warn', message, node }];
      // A log is not worth holding a call up.
      await store.log(call, [...note, ...lines]).catch((error: unknown) => {
        log.warn({ err: error, call, lines: lines.length }, 'lines of the log of a call could not be stored');
      });
    }
  }
}

function clipped(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}

/** As JSON has them: what a handler passes may hold anything. */
function plain(fields: HandlerLine['fields']): Pick<CallLogLine, 'fields'> {
  if (!fields) return {};
  try {
    const text = JSON.stringify(fields, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
    if (text.length <= MAX_CHARACTERS) return { fields: JSON.parse(text) as Record<string, unknown> };
    return { fields: { fields: clipped(text) } };
  } catch {
    return { fields: { fields: 'unreadable' } };
  }
}
