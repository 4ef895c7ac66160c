import type { Clock } from './contract.ts';

/** The clock of this machine, which does not follow changes of the date. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
