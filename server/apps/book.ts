import { randomUUID } from 'node:crypto';
import type { AppChange } from '../../shard/app/deployment.ts';
import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { readObjectWhole } from '../objects/whole.ts';
import { nameOfSegment, segmentOf } from './names.ts';
import { type AppState, type Change, changed, emptyApp } from './changes.ts';

const PREFIX = 'apps/';
/** Another text after each change, so that a look at it tells whether there was one. */
const HEAD = 'apps-head';
/** How often a change is tried again where other nodes were faster. */
const TRIES = 100;
/** Milliseconds after which all is read again, though the head is the same: who changed it may have died before the head. */
const WHOLE_MS = 30_000;

export interface BookOptions {
  readonly objects: () => Promise<Objects>;
  /** Milliseconds, of any origin. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly time: () => number;
}

/** All deployed apps, as the changes under `apps/<name>/<number>` tell them. Nothing there is ever replaced. */
export class Book {
  readonly #options: BookOptions;
  #apps: ReadonlyMap<string, AppState> = new Map();
  #broken: ReadonlyMap<string, ServerError> = new Map();
  #head: string | undefined;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** As they were when last read. */
  get apps(): ReadonlyMap<string, AppState> {
    return this.#apps;
  }

  /** The app of that name, if there is one. Throws `APP_CORRUPT` where its changes can't be read. */
  get(name: string): AppState | undefined {
    const broken = this.#broken.get(name);
    if (broken) throw broken;
    return this.#apps.get(name);
  }

  /**
   * Looks whether something has changed, and reads what has; with `whole`, reads in any case. Looks that come while one is
   * under way share it. Throws `OBJECTS_UNAVAILABLE`.
   */
  async refresh({ whole = false }: { readonly whole?: boolean } = {}): Promise<void> {
    const running = this.#reading;
    if (running && !whole) return running;
    // What has been listed already may lack what is asked for.
    const next = (running?.catch(() => {}) ?? Promise.resolve()).then(() => this.#refresh(whole));
    this.#reading = next;
    try {
      await next;
    } finally {
      if (this.#reading === next) this.#reading = undefined;
    }
  }

  /**
   * Makes a change that `decide` makes of the app as it is, or none. Where others change it at once, decides anew; so
   * numbers are consecutive, and nothing is lost. Resolves to the app after it. Throws what `decide` throws.
   */
  async change(name: string, by: string, decide: (app: AppState) => Change | undefined): Promise<AppState> {
    const objects = await this.#options.objects();
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await this.refresh({ whole: true });
      const app = this.get(name) ?? emptyApp(name);
      const decided = decide(app);
      if (!decided) return app;
      const change: AppChange = { number: app.changes.length + 1, time: this.#options.time(), by, ...decided };
      if (!(await objects.create(keyOf(name, change.number), bytesOf(JSON.stringify(change))))) continue;
      await this.#tell(objects);
      const seen = this.#apps.get(name);
      return seen && seen.changes.length >= change.number ? seen : changed(app, change);
    }
    throw new ServerError('OVERLOADED', `The app ${name} was changed by others ${TRIES} times meanwhile; try again`);
  }

  /** Forgets an app with all its changes; there must never be one of that name again. */
  async remove(name: string): Promise<void> {
    const objects = await this.#options.objects();
    // The first last: what is left of an app that lacks it counts for nothing.
    const keys = await Array.fromAsync(objects.list(`${PREFIX}${segmentOf(name)}/`), ({ key }) => key);
    for (const key of keys.toReversed()) await objects.remove(key);
    await objects.write(HEAD, bytesOf(randomUUID()));
    await this.refresh({ whole: true });
  }

  /** A change is made by now, whatever becomes of this: without the head others see it when they read all. */
  async #tell(objects: Objects): Promise<void> {
    try {
      await objects.write(HEAD, bytesOf(randomUUID()));
      await this.refresh({ whole: true });
    } catch {
      this.#head = undefined;
    }
  }

  async #refresh(whole: boolean): Promise<void> {
    const { objects: open, now } = this.#options;
    const objects = await open();
    const head = new TextDecoder().decode(await readObjectWhole(objects, HEAD));
    if (!whole && head === this.#head && now() - this.#readAt < WHOLE_MS) return;
    const apps = new Map<string, AppState>();
    const broken = new Map<string, ServerError>();
    for await (const { key } of objects.list(PREFIX)) {
      const [, segment, number] = /^apps\/([^\/]+)\/(\d{10})$/v.exec(key) ?? [];
      if (segment === undefined) continue;
      const name = nameOfSegment(segment);
      const known = this.#apps.get(name)?.changes[Number(number) - 1];
      const app = apps.get(name) ?? emptyApp(name);
      // It is being removed.
      if (Number(number) !== app.changes.length + 1) continue;
      const change = known ?? (await read(objects, key, Number(number)));
      if (change === 'corrupt') {
        const message = `The object ${key} of ${objects.name} is no change of an app; restore it`;
        broken.set(name, new ServerError('APP_CORRUPT', message));
      } else if (change) apps.set(name, changed(app, change));
    }
    for (const name of broken.keys()) apps.delete(name);
    this.#apps = apps;
    this.#broken = broken;
    this.#head = head;
    this.#readAt = now();
  }
}

function keyOf(name: string, number: number): string {
  return `${PREFIX}${segmentOf(name)}/${String(number).padStart(10, '0')}`;
}

async function read(objects: Objects, key: string, number: number): Promise<AppChange | 'corrupt' | undefined> {
  const bytes = await readObjectWhole(objects, key);
  if (!bytes) return undefined;
  try {
    const change = JSON.parse(new TextDecoder().decode(bytes)) as AppChange;
    if (change.number === number && ['deploy', 'rollback', 'stop'].includes(change.type)) return change;
  } catch {
    // As one that is JSON and no change.
  }
  return 'corrupt';
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
