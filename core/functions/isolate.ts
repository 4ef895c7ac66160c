import { CoreError } from '../errors.ts';
import { ModelError } from '../../models/errors.ts';
import { ShardError } from '../../shard/errors.ts';
import type { BoundFunction, Outputs } from './contract.ts';
import type { Entry, Outcome } from './outcome.ts';

/**
 * Runs one part. If it fails on account of an input, its halves are run, and theirs, until the input that is at fault
 * stands alone: log2(inputs) runs more for each such input. Any other error is the batch's, and is thrown.
 */
export async function isolate<Input>(
  bound: BoundFunction<Input>,
  entries: readonly Entry<Input>[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  let outputs: Outputs;
  try {
    signal.throwIfAborted();
    outputs = await bound.run(
      entries.map(({ input }) => input),
      signal,
      entries.map(({ index }) => index),
    );
  } catch (error) {
    signal.throwIfAborted();
    const blamed = blame(error);
    const [only] = entries;
    if (entries.length === 1 && only) return [{ kind: 'failure', index: only.index, error: blamed }];
    const middle = entries.length >> 1;
    return [
      ...(await isolate(bound, entries.slice(0, middle), signal)),
      ...(await isolate(bound, entries.slice(middle), signal)),
    ];
  }
  const { length } = outputs.kind === 'rows' ? { length: outputs.vectors.count } : outputs.values;
  if (length !== entries.length) {
    throw new CoreError(
      'FUNCTION_FAILED',
      `The function gave ${length} outputs for ${entries.length} inputs; expected as many`,
    );
  }
  return [...consecutive(entries, outputs)];
}

/** The error as one that an input caused; throws the ones that no input did. */
function blame(error: unknown): Error {
  if (error instanceof CoreError && (error.code === 'ID_NOT_FOUND' || error.code === 'FUNCTION_FAILED')) return error;
  if ([CoreError, ShardError, ModelError].some((ours) => error instanceof ours)) throw error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new CoreError('FUNCTION_FAILED', message, { cause: error });
}

/** Cuts outputs where the indices of their inputs leave a gap, and where one failed. */
function* consecutive(entries: readonly Entry<unknown>[], outputs: Outputs): Generator<Outcome> {
  const failures = outputs.kind === 'values' ? outputs.failures : undefined;
  for (let from = 0; from < entries.length;) {
    const first = entries[from]!.index;
    let to = from + 1;
    const error = failures?.get(from);
    if (error) {
      yield { kind: 'failure', index: first, error };
      from = to;
      continue;
    }
    while (to < entries.length && entries[to]!.index === first + to - from && !failures?.has(to)) to++;
    yield { kind: 'outputs', first, outputs: slice(outputs, from, to) };
    from = to;
  }
}

function slice(outputs: Outputs, from: number, to: number): Outputs {
  if (outputs.kind === 'values') return { kind: 'values', values: outputs.values.slice(from, to) };
  const { dims, data } = outputs.vectors;
  return {
    kind: 'rows',
    vectors: { count: to - from, dims, data: data.subarray(from * dims, to * dims) },
  };
}
