import type { Clock } from '../../shard/contract.ts';
import type { PumpProgress } from '../../shard/options.ts';
import type { MapProgress } from '../contract.ts';
import { Meter } from './meter.ts';

/** Something that shows progress. */
export interface Display {
  /** Milliseconds between updates. */
  readonly interval: number;
  update(progress: MapProgress): void;
  /** The last update. */
  finish(progress: MapProgress): void;
}

/** Feeds displays with the progress of one map, each at its own pace. */
export class Reporter {
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #displays: { readonly display: Display; next: number }[];

  constructor(clock: Clock, total: number | undefined, displays: readonly Display[]) {
    this.#clock = clock;
    this.#meter = new Meter(clock, total);
    this.#displays = displays.map((display) => ({ display, next: clock.now() + display.interval }));
  }

  /** For the pump's `onProgress`. */
  readonly count = (progress: PumpProgress): void => {
    this.#meter.count(progress);
    const now = this.#clock.now();
    const due = this.#displays.filter(({ next }) => now >= next);
    if (due.length === 0) return;
    const reading = this.#meter.read();
    for (const entry of due) {
      entry.next = now + entry.display.interval;
      entry.display.update(reading);
    }
  };

  /** For the pump's `onEnd`. */
  readonly finish = (): void => {
    const reading = this.#meter.read();
    for (const { display } of this.#displays) display.finish(reading);
  };
}
