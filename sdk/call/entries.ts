import type { CallFailure } from '../../shard/call/contract.ts';
import { InputError, ShardError } from '../../shard/errors.ts';
import { decodeBlock } from '../../shard/wire/block.ts';
import { Chunks } from '../../shard/wire/chunks.ts';
import type { CallNodes } from './ask.ts';
import { type OutcomesOptions, outcomesOf } from './outcomes.ts';

/** What became of one input: `index` is its position in the call, from 0. */
export type CallEntry<O> =
  | { readonly index: number; readonly output: O }
  | { readonly index: number; readonly error: InputError };

/** What became of each input, once, and no more than two pages ahead of who takes it. */
export async function* entriesOf<O>(
  nodes: CallNodes,
  call: string,
  options: OutcomesOptions,
): AsyncGenerator<CallEntry<O>, void, undefined> {
  const { ordered, failed, from } = options;
  let at = from;
  /** Inputs whose failure was told, and may be tried again since. */
  const failures = new Set<number>();
  for await (const outcome of outcomesOf(nodes, call, options)) {
    if (ordered && !failed && outcome.first > at) throw gap(call, at, outcome.first);
    if (outcome.kind === 'failure') {
      const { first: index, failure } = outcome;
      if (ordered ? index < at : index < from || failures.has(index)) continue;
      if (ordered) at = index + 1;
      else failures.add(index);
      yield { index, error: errorOf(index, failure) };
      continue;
    }
    const outputs = decodeBlock({ bytes: new Chunks([outcome.block]) }, { maxValues: outcome.count });
    for (const [offset, output] of outputs.entries()) {
      const index = outcome.first + offset;
      if (ordered ? index < at : index < from || failures.has(index)) continue;
      if (ordered) at = index + 1;
      yield { index, output: output as O };
    }
  }
}

function errorOf(index: number, { error, attempts, losses, node, input }: CallFailure): InputError {
  return new InputError({ index, input, preview: input, attempts, losses, node, remote: error });
}

function gap(call: string, at: number, first: number): ShardError {
  return new ShardError(
    'LANE_FAULTY',
    `Expected what became of input ${at} of call ${call}, got that of input ${first}`,
  );
}
