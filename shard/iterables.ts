import type { Inputs } from './contract.ts';
import { ShardError } from './errors.ts';

/**
 * Whole numbers from 0 up to, not including, `end`; or from `start` in steps of `step`. Lazy, and may be read often.
 * `step` must be a number other than 0; default 1.
 */
export function range(end: number): Iterable<number>;
export function range(start: number, end: number, step?: number): Iterable<number>;
export function range(first: number, second?: number, step = 1): Iterable<number> {
  const [start, end] = second === undefined ? [0, first] : [first, second];
  for (const [name, value] of Object.entries({ start, end, step })) {
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw new ShardError('OPTION_INVALID', `Expected ${name} to be a number, got ${String(value)}`);
    }
  }
  if (step === 0) throw new ShardError('OPTION_INVALID', 'Expected step to be other than 0');
  return {
    *[Symbol.iterator]() {
      // Multiplied, not added up, so that fractions do not drift.
      for (let turn = 0; ; turn++) {
        const value = start + turn * step;
        if (step > 0 ? value >= end : value <= end) return;
        yield value;
      }
    },
  };
}

/** The same value `times` times: a whole number of 0 or more, or `Infinity` (the default). Lazy, and may be read often. */
export function repeat<T>(value: T, times: number = Infinity): Iterable<T> {
  if (!(times >= 0) || (times !== Infinity && !Number.isInteger(times))) {
    throw new ShardError(
      'OPTION_INVALID',
      `Expected times to be a whole number of 0 or more, or Infinity, got ${String(times)}`,
    );
  }
  return {
    *[Symbol.iterator]() {
      for (let turn = 0; turn < times; turn++) yield value;
    },
  };
}

/** Throws `INPUT_INVALID` for what can't be read, and for a bare string, whose characters nobody wants one by one. */
export function requireIterable(inputs: unknown, what: string): void {
  if (typeof inputs === 'string') {
    const text = JSON.stringify(inputs.slice(0, 40));
    throw new ShardError(
      'INPUT_INVALID',
      `Expected ${what} to be an iterable such as an array, got a string; ` +
        `for one write [${text}], for the same each time repeat(${text})`,
    );
  }
  if (!isIterable(inputs) && !isAsyncIterable(inputs)) {
    const type = inputs === null ? 'null' : typeof inputs;
    throw new ShardError('INPUT_INVALID', `Expected ${what} to be an iterable or async iterable, got ${type}`);
  }
}

/** Tuples of one value of each; ends with the shortest, and then closes the others. Asynchronous if any of them is. */
export function zip<T extends readonly unknown[]>(...inputs: { readonly [K in keyof T]: Inputs<T[K]> }): Inputs<T> {
  const all = inputs as readonly Inputs<unknown>[];
  for (const [position, one] of all.entries()) requireIterable(one, `argument ${position + 1}`);
  if (all.every(isIterable)) return zipNow(all) as Iterable<unknown> as Iterable<T>;
  return zipLater(all) as AsyncIterable<unknown> as AsyncIterable<T>;
}

function* zipNow(inputs: readonly Iterable<unknown>[]): Generator<unknown[], void, undefined> {
  const iterators = inputs.map((one) => one[Symbol.iterator]());
  const open = new Set(iterators);
  try {
    while (iterators.length > 0) {
      const tuple: unknown[] = [];
      for (const iterator of iterators) {
        const next = readOr(open, iterator, () => iterator.next());
        if (next.done) {
          open.delete(iterator);
          return;
        }
        tuple.push(next.value);
      }
      yield tuple;
    }
  } finally {
    for (const iterator of open) iterator.return?.();
  }
}

async function* zipLater(inputs: readonly Inputs<unknown>[]): AsyncGenerator<unknown[], void, undefined> {
  const iterators = inputs.map(iteratorOf);
  const open = new Set(iterators);
  try {
    for (;;) {
      const tuple: unknown[] = [];
      // One after the other, so that no input past the shortest is read and lost.
      for (const iterator of iterators) {
        const next = await readOr(open, iterator, async () => iterator.next());
        if (next.done) {
          open.delete(iterator);
          return;
        }
        tuple.push(next.value);
      }
      yield tuple;
    }
  } finally {
    for (const iterator of open) await iterator.return?.();
  }
}

/** Reads once; an iterator that throws has closed itself, so it is not closed again. */
function readOr<K, R>(open: Set<K>, iterator: K, read: () => R): R {
  try {
    const result = read();
    if (result instanceof Promise) {
      return result.catch((error: unknown) => {
        open.delete(iterator);
        throw error;
      }) as R;
    }
    return result;
  } catch (error) {
    open.delete(iterator);
    throw error;
  }
}

export function iteratorOf<T>(inputs: Inputs<T>): Iterator<T> | AsyncIterator<T> {
  return isAsyncIterable(inputs) ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
