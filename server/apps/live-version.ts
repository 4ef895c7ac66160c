import type { RoutedFunction } from '../../core/functions/routed.ts';
import type { Clock } from '../clock.ts';
import type { Revoked } from '../functions.ts';
import type { AppHost } from '../host/app-host.ts';

/** Milliseconds for which a version that is not current stays up when nobody holds it. */
const IDLE_MS = 10_000;

/** One version of a deployed app that this node runs, and who holds it. */
export class LiveVersion implements AsyncDisposable {
  /** Rejects with why it could not be loaded. */
  readonly host: Promise<AppHost>;
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  readonly #holders = new Set<Revoked>();
  #opened: AppHost | undefined;
  #current = true;
  #timer: Disposable | undefined;
  #closed: Promise<void> | undefined;

  /** `onIdle` is called once it is neither current nor held, and has not been for a while. */
  constructor(host: Promise<AppHost>, clock: Clock, onIdle: () => void) {
    this.host = host;
    this.#clock = clock;
    this.#onIdle = onIdle;
    host.then(
      (opened) => (this.#opened = opened),
      () => {},
    );
  }

  /** Those that it has, once it is loaded. */
  get functions(): readonly RoutedFunction[] {
    return this.#opened?.functions ?? [];
  }

  /** Keeps it up until disposed; `revoked` is called if it is ended before. */
  hold(revoked: Revoked): Disposable {
    // One function may hold it more than once.
    const holder: Revoked = (reason) => revoked(reason);
    this.#holders.add(holder);
    this.#settle();
    return {
      [Symbol.dispose]: () => {
        this.#holders.delete(holder);
        this.#settle();
      },
    };
  }

  setCurrent(current: boolean): void {
    this.#current = current;
    this.#settle();
  }

  /** Tells those who hold it that it ends. */
  revoke(reason: Error): void {
    for (const revoked of this.#holders) revoked(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    return (this.#closed ??= this.host.then(
      (host) => host[Symbol.asyncDispose](),
      () => {},
    ));
  }

  #settle(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#closed || this.#current || this.#holders.size > 0) return;
    this.#timer = this.#clock.after(IDLE_MS, this.#onIdle);
  }
}
