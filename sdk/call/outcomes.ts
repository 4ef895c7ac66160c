import type { CallOutcome } from '../../shard/call/contract.ts';
import type { CallOutcomes } from '../../shard/call/frames.ts';
import { ShardError } from '../../shard/errors.ts';
import type { CallNodes } from './ask.ts';

export interface OutcomesOptions {
  /** By position, or as they came. */
  readonly ordered: boolean;
  /** By position: where to begin. */
  readonly from: number;
  /** Only failures; by position there are gaps then. */
  readonly failed: boolean;
  /** Whether to wait for what is still to come. */
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

const FIRST_LIMIT = 1024;
const MAX_LIMIT = 16_384;
/** Bytes of a page, about; the next is fetched while one is taken. */
const PAGE_BYTES = 4 * 2 ** 20;

/** What became of the inputs of a call, page after page, from whichever node answers. */
export async function* outcomesOf(
  nodes: CallNodes,
  call: string,
  { ordered, from, failed, wait, signal }: OutcomesOptions,
): AsyncGenerator<CallOutcome, void, undefined> {
  const left = new AbortController();
  const ended = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  let limit = FIRST_LIMIT;
  const fetch = (at: number): Promise<CallOutcomes> => {
    const page = { ...(ordered ? { from: at } : { after: at }), limit, ...(failed && { failed }) };
    const asked = nodes.ask((calls, either) => calls.outcomes(call, page, { signal: either, wait }), { signal: ended });
    // Told to who awaits it; one that is left may fail unheard.
    asked.catch(() => {});
    return asked;
  };
  try {
    let coming = fetch(ordered ? from : 0);
    for (;;) {
      const { outcomes, next, end } = await coming;
      limit = fittingLimit(outcomes, limit);
      const over = end || (!wait && outcomes.length === 0);
      if (!over) coming = fetch(next);
      yield* outcomes;
      if (over) return;
    }
  } finally {
    left.abort(new ShardError('LANE_LOST', 'Nobody waits for this page any more'));
  }
}

/** How many inputs to ask for next, so that a page has about as many bytes as it should. */
function fittingLimit(outcomes: readonly CallOutcome[], limit: number): number {
  const [count, bytes] = outcomes.reduce(
    ([inputs, sum], outcome) =>
      outcome.kind === 'outputs' ? [inputs + outcome.count, sum + outcome.block.length] : [inputs + 1, sum + 1024],
    [0, 0],
  );
  if (count === 0) return limit;
  return Math.max(1, Math.min(Math.floor((PAGE_BYTES * count) / bytes), 2 * limit, MAX_LIMIT));
}
