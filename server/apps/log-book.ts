import type { AppLog, AppLogLine } from '../../shard/app/deployment.ts';
import type { LogEntry } from '../host/messages.ts';

/** Lines of one app that are kept. */
const MAX_LINES = 1_000;
/** Characters of one app that are kept, messages and fields. */
const MAX_CHARACTERS = 1_048_576;

interface Kept {
  readonly line: AppLogLine;
  readonly size: number;
}

/** What deployed apps have logged on this node of late. */
export class LogBook {
  readonly #apps = new Map<string, Kept[]>();
  readonly #sizes = new Map<string, number>();
  readonly #time: () => number;
  #number = 0;

  constructor(time: () => number) {
    this.#time = time;
  }

  add(app: string, version: number, { level, message, fields, run }: LogEntry): void {
    const plain = fields && asPlain(fields);
    const line: AppLogLine = {
      number: ++this.#number,
      time: this.#time(),
      level,
      message,
      version,
      ...(plain && { fields: plain.value }),
      ...(run && { function: run.function, call: run.call, index: run.index }),
    };
    const kept = this.#apps.get(app) ?? [];
    this.#apps.set(app, kept);
    const size = message.length + (plain?.size ?? 0);
    kept.push({ line, size });
    let total = (this.#sizes.get(app) ?? 0) + size;
    while (kept.length > MAX_LINES || (total > MAX_CHARACTERS && kept.length > 1)) total -= kept.shift()!.size;
    this.#sizes.set(app, total);
  }

  /** Lines after number `after`, oldest first; the last `limit` of them where `after` is 0. */
  lines(app: string, { after, limit }: { readonly after: number; readonly limit: number }): AppLog {
    const found = (this.#apps.get(app) ?? []).map(({ line }) => line).filter(({ number }) => number > after);
    const lines = after === 0 ? found.slice(-limit) : found.slice(0, limit);
    return { lines, next: lines.at(-1)?.number ?? after };
  }

  forget(app: string): void {
    this.#apps.delete(app);
    this.#sizes.delete(app);
  }
}

/** As it travels, and how many characters that takes. What a handler passes may hold anything. */
function asPlain(fields: object): { readonly value: Record<string, unknown>; readonly size: number } {
  try {
    const text = JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    return { value: JSON.parse(text) as Record<string, unknown>, size: text.length };
  } catch {
    return { value: { fields: 'unreadable' }, size: 0 };
  }
}
