import { CoreError } from '../errors.ts';
import type { Failure } from './outcome.ts';

/** Codes that say that a batch as a whole was meant for something else. */
const WHOLE_CODES: readonly string[] = ['INPUT_INVALID', 'COLLECTION_MISMATCH'];

/**
 * Passes outcomes on; but if every input fails in the same way, and that says that the batch was meant for something
 * else, throws that error. Until another outcome comes such failures are held back, since a batch can only be refused
 * before its answer has begun.
 */
export async function* refuseWhole<Other extends { readonly kind: string }>(
  outcomes: AsyncIterable<Other | Failure>,
): AsyncGenerator<Other | Failure, void, undefined> {
  let held: Failure[] | undefined = [];
  for await (const outcome of outcomes) {
    if (held && isFailure(outcome) && codeOf(outcome) !== undefined) {
      held.push(outcome);
      continue;
    }
    if (held) yield* held;
    held = undefined;
    yield outcome;
  }
  const [first] = held ?? [];
  if (first && new Set(held!.map(codeOf)).size === 1) throw first.error;
  if (held) yield* held;
}

function isFailure(outcome: { readonly kind: string }): outcome is Failure {
  return outcome.kind === 'failure';
}

function codeOf({ error }: Failure): string | undefined {
  return error instanceof CoreError && WHOLE_CODES.includes(error.code) ? error.code : undefined;
}
