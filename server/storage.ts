import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { ServerError } from './errors.ts';
import { type OpenStorage, openStorage } from './store/open.ts';
import type { StoragePlaces } from './store/settings.ts';

export interface StorageOptions {
  /** Undefined where the node has nowhere to keep anything. */
  readonly places: StoragePlaces | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: the real ones. */
  readonly open?: (places: StoragePlaces) => Promise<OpenStorage>;
}

/** Milliseconds between two looks for the file that another node of this machine may make. */
const LOOK_MS = 1_000;
/** Milliseconds until a store that could not be opened is tried again. */
const AGAIN_MS = 5_000;

/** What a node keeps calls and objects in: opened when it is first wanted, or when there is something in it to go on with. */
export class Storage implements AsyncDisposable {
  readonly #options: StorageOptions;
  #opening: Promise<OpenStorage> | undefined;
  #opened: OpenStorage | undefined;
  #closed = false;
  #timer: Disposable | undefined;
  readonly #first = Promise.withResolvers<OpenStorage>();

  constructor(options: StorageOptions) {
    this.#options = options;
    this.#first.promise.catch(() => {});
  }

  /** What is open, if it is. */
  get opened(): OpenStorage | undefined {
    return this.#opened;
  }

  /** Resolves when it is first open; rejects if the node ends before. */
  get first(): Promise<OpenStorage> {
    return this.#first.promise;
  }

  /** Opens it, if it is not. Throws `STORE_UNAVAILABLE`; another time it may succeed. */
  open(): Promise<OpenStorage> {
    const opening = (this.#opening ??= this.#open());
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  /** Opens it, if there is something in it. Throws `STORE_UNAVAILABLE`. */
  async openIfThere(): Promise<OpenStorage | undefined> {
    const { places } = this.#options;
    if (!places || (places.store.kind === 'sqlite' && !existsSync(places.store.path))) return undefined;
    return this.open();
  }

  /** From now on opens it by itself: a store that others write to at once, a file when there is one. */
  watch(): void {
    const { places, clock, log } = this.#options;
    if (!places || this.#opened || this.#closed) return;
    const again = (milliseconds: number): void => {
      this.#timer = clock.after(milliseconds, () => this.watch());
    };
    const { store } = places;
    if (store.kind === 'sqlite' && !existsSync(store.path)) return again(LOOK_MS);
    this.open().catch((error: unknown) => {
      log.warn({ err: error }, 'the store of calls could not be opened');
      again(AGAIN_MS);
    });
  }

  /** Closes it, once what was asked of it is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    const opened = await this.#opening?.catch(() => undefined);
    this.#first.reject(closing());
    await opened?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<OpenStorage> {
    const { places, open = openStorage, log } = this.#options;
    if (this.#closed) throw closing();
    if (!places) {
      throw new ServerError(
        'STORE_UNAVAILABLE',
        'This node was started without a data directory or a store, so it can keep no calls; give it --data or --store',
      );
    }
    try {
      const opened = await open(places);
      this.#opened = opened;
      log.info(
        { store: opened.store.id, kind: opened.kind, objects: opened.objects.name },
        'the store of calls is open',
      );
      this.#first.resolve(opened);
      return opened;
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}

function closing(): ServerError {
  return new ServerError('STORE_UNAVAILABLE', 'The node is closing');
}

function asUnavailable(error: unknown): unknown {
  if (error instanceof ServerError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ServerError('STORE_UNAVAILABLE', `The store of calls can't be opened: ${why}`, { cause: error });
}
