import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError } from '../../errors.ts';
import { TransientFailure } from './transient.ts';

export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;

const attempts = 5;
const firstWaitMs = 500;
const longestWaitMs = 30_000;

export async function waitForReal(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    // The timer has an AbortError of its own; the caller gave a reason.
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Runs until it succeeds, fails for good, or fails for the fifth time in a row without progress. Waits 0.5 s, 1 s, 2 s
 * and 4 s in between, half of it by chance, or as long as the server asks.
 */
export async function retried<T>(
  what: string,
  run: () => Promise<T>,
  options: { readonly wait: Wait; readonly signal: AbortSignal | undefined; readonly progress?: () => number },
): Promise<T> {
  let progress = options.progress?.() ?? 0;
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TransientFailure)) {
        throw error;
      }
      const reached = options.progress?.() ?? 0;
      failures = reached > progress ? 1 : failures;
      progress = Math.max(progress, reached);
      if (failures >= attempts) {
        throw new ModelError(
          'MODEL_DOWNLOAD_FAILED',
          `${what} failed ${attempts} times, last with: ${error.message}. Try again later; what arrived is kept.`,
          { cause: error },
        );
      }
      const backoff = firstWaitMs * 2 ** (failures - 1);
      await options.wait(Math.min(error.waitMs ?? backoff * (0.5 + Math.random() / 2), longestWaitMs), options.signal);
    }
  }
}
