import { ServerError } from '../errors.ts';
import type { Limits } from '../limits.ts';

/** Throws `BODY_TOO_LARGE` for more inputs than a batch may have. */
export function checkCount(count: number, { batchInputs }: Pick<Limits, 'batchInputs'>): void {
  if (count <= batchInputs) return;
  throw new ServerError(
    'BODY_TOO_LARGE',
    `Expected at most ${batchInputs} inputs in a batch, got ${count}; send smaller batches`,
    { details: { limit: batchInputs } },
  );
}
