/** Time as the server sees it, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds from some fixed moment; never goes back. */
  now(): number;
  /** Calls back once after `milliseconds`, unless disposed first. */
  after(milliseconds: number, callback: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
