/** Milliseconds of work that are held ahead at least, and up to how many more is leased at once. */
const LOW_MS = 250;
const HIGH_MS = 500;
/** Milliseconds of work that make a measurement. */
const SAMPLE_MS = 100;
const FIRST_SAMPLE_MS = 1;
/** Weight of the newest measurement. */
const NEWEST = 0.5;
/** Inputs of a chunk, before any was seen. */
const FIRST_CHUNK = 1_024;
/** Chunks that are leased at once, at most. */
const MAX_CHUNKS = 64;

/** How fast one function gets on here, and so how much of it is to be held. */
export class Load {
  #rate = 0;
  #perChunk = FIRST_CHUNK;
  #settled = 0;
  #busyMs = 0;
  /** When it was last looked at, if it was busy then. */
  #since: number | undefined;

  /** A chunk was leased that has so many inputs to run. */
  leased(inputs: number): void {
    this.#perChunk = Math.max(1, inputs);
  }

  /** So many inputs keep this node busy, after `settled` of them were done. */
  measure(now: number, busy: number, settled: number): void {
    // While there was nothing to do, nothing was slow.
    if (this.#since !== undefined) this.#busyMs += now - this.#since;
    this.#since = busy > 0 ? now : undefined;
    this.#settled += settled;
    if (this.#settled === 0 || this.#busyMs < (this.#rate === 0 ? FIRST_SAMPLE_MS : SAMPLE_MS)) return;
    const sample = this.#settled / this.#busyMs;
    this.#rate = this.#rate === 0 ? sample : this.#rate + NEWEST * (sample - this.#rate);
    this.#settled = 0;
    this.#busyMs = 0;
  }

  /** Chunks to lease now, where so many inputs are busy and the workers can have `capacity` running. */
  wants(busy: number, capacity: number): number {
    if (busy >= Math.max(capacity, this.#rate * LOW_MS)) return 0;
    const missing = Math.max(capacity, this.#rate * HIGH_MS) - busy;
    return Math.min(MAX_CHUNKS, Math.max(1, Math.ceil(missing / this.#perChunk)));
  }
}
