/** When to try again: the n-th retry waits `initialDelay × backoffCoefficient^(n−1)`, at most `maxDelay`. */
export interface RetryPolicy {
  /** Retries after the first attempt: a whole number of 0 or more. */
  readonly maxRetries: number;
  /** Milliseconds of 0 or more. */
  readonly initialDelay: number;
  /** A number of 1 or more. */
  readonly backoffCoefficient: number;
  /** Milliseconds of 0 or more. */
  readonly maxDelay: number;
  /** Share of each delay that is left to chance, in [0, 1]: clients that failed together come back apart. */
  readonly jitter: number;
}

/** How often in a row a lane may say that it can't run the function yet, where none has run it so far. */
export const UNREADY_RETRIES = 3;

/** Failures of the function are not retried unless asked for: it may have done half its work. */
export const FUNCTION_RETRIES: RetryPolicy = {
  maxRetries: 0,
  initialDelay: 1000,
  backoffCoefficient: 2,
  maxDelay: 60_000,
  jitter: 0.2,
};

/** A batch whose lane was lost is sent again, over about 45 seconds if all lanes are gone. */
export const LANE_RETRIES: RetryPolicy = {
  maxRetries: 8,
  initialDelay: 250,
  backoffCoefficient: 2,
  maxDelay: 15_000,
  jitter: 0.2,
};

/** Milliseconds to wait before retry number `retry`, from 1. `random` gives numbers in [0, 1). */
export function retryDelay(policy: RetryPolicy, retry: number, random: () => number): number {
  const delay = policy.initialDelay * policy.backoffCoefficient ** (retry - 1);
  return Math.min(delay, policy.maxDelay) * (1 - policy.jitter * random());
}
