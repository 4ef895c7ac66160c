import type { Clock } from './clock.ts';

export interface PauseOptions {
  readonly signal?: AbortSignal | undefined;
  readonly sooner?: Promise<void> | undefined;
}

/** Resolves after so many milliseconds, when the signal aborts, or sooner. */
export async function pause(clock: Clock, milliseconds: number, { signal, sooner }: PauseOptions = {}): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  using _ = clock.after(milliseconds, wake);
  signal?.addEventListener('abort', wake, { once: true });
  void sooner?.then(wake);
  await promise;
  signal?.removeEventListener('abort', wake);
}
