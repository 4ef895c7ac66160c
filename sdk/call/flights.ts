const MAX_FLIGHTS = 4;
/** Bytes of all that is on its way; one alone may be larger. */
const MAX_BYTES = 16 * 2 ** 20;

export interface FlightListener {
  onError(error: unknown): void;
  /** There is room again. */
  onLanded(): void;
}

/** Requests that are on their way, bounded by count and bytes. */
export class Flights {
  readonly #signal: AbortSignal;
  readonly #listener: FlightListener;
  readonly #flights = new Set<Promise<void>>();
  #bytes = 0;

  constructor(signal: AbortSignal, listener: FlightListener) {
    this.#signal = signal;
    this.#listener = listener;
  }

  get idle(): boolean {
    return this.#flights.size === 0;
  }

  /** Whether another may be added at once. */
  get room(): boolean {
    return this.#flights.size < MAX_FLIGHTS;
  }

  /** Begins one as soon as there is room for it. Throws the signal's reason. */
  async add(bytes: number, begin: () => Promise<void>): Promise<void> {
    while (!this.room || (this.#flights.size > 0 && this.#bytes + bytes > MAX_BYTES)) await Promise.race(this.#flights);
    this.#signal.throwIfAborted();
    this.#bytes += bytes;
    const flight = begin()
      .catch((error: unknown) => this.#listener.onError(error))
      .finally(() => {
        this.#bytes -= bytes;
        this.#flights.delete(flight);
        this.#listener.onLanded();
      });
    this.#flights.add(flight);
  }

  /** Resolves when none is on its way. Throws the signal's reason, which a failure is expected to set. */
  async landed(): Promise<void> {
    await this.settled();
    this.#signal.throwIfAborted();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#flights);
  }
}
