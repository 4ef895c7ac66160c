/**
 * Preloaded into one node (`node --import`): its `Date` is wrong by as many milliseconds as a file says, which may change
 * at any time. Timers and `performance.now()` go on as they do where a system's clock is set.
 */
import { readFileSync } from 'node:fs';

const { WARPMAP_TORTURE_CLOCK: path = '' } = process.env;
let shift = 0;

function read(): void {
  try {
    shift = Number(readFileSync(path, 'utf8'));
  } catch {
    // Nobody has set it yet.
  }
}

read();
setInterval(read, 50).unref();
const { now } = Date;
globalThis.Date = class extends Date {
  constructor(...given: readonly [] | ConstructorParameters<DateConstructor>) {
    if (given.length === 0) super(now() + shift);
    else super(...given);
  }

  static override now(): number {
    return now() + shift;
  }
} as DateConstructor;
