import type { Outputs } from '../../core/functions/contract.ts';
import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { type Block, decodeBlock, encodeBlock } from '../../shard/wire/block.ts';
import { MAX_ENTRY_INPUTS } from './contract.ts';
import { Pace } from '../map/pace.ts';
import type { Turns } from '../map/turns.ts';

export interface Places {
  /** Positions in the batch of the inputs that were run. */
  readonly positions: readonly number[];
  /** Positions in the map of the inputs of the batch. */
  readonly indices: readonly number[];
  readonly turns: Turns;
}

/**
 * Outcomes at their place in the batch, their outputs encoded, each block of inputs that are consecutive in the batch
 * and in the map. Outputs that come so are passed on as they are.
 */
export async function* placed(
  outcomes: AsyncIterable<Outcome | RoutedOutcome>,
  { positions, indices, turns }: Places,
): AsyncGenerator<RoutedOutcome, void, undefined> {
  for await (const outcome of outcomes) {
    if (outcome.kind === 'failure') {
      yield { ...outcome, index: positions[outcome.index]! };
      continue;
    }
    const { first } = outcome;
    const count = outcome.kind === 'encoded' ? outcome.block.count : lengthOf(outcome.outputs);
    const runs = [...consecutive(first, count, { positions, indices })];
    if (outcome.kind === 'encoded' && runs.length === 1) {
      yield { ...outcome, first: positions[first]! };
      continue;
    }
    const outputs = outcome.kind === 'encoded' ? valuesOf(outcome.block) : outcome.outputs;
    for (const [from, to] of runs) {
      const at = positions[first + from]!;
      for await (const [offset, block] of encoded(slice(outputs, from, to), turns)) {
        yield { kind: 'encoded', first: at + offset, block };
      }
    }
  }
}

export function valuesOf(block: Block): Outputs {
  return { kind: 'values', values: decodeBlock(block) };
}

export function slice(outputs: Outputs, from: number, to: number): Outputs {
  if (outputs.kind === 'values') return { kind: 'values', values: outputs.values.slice(from, to) };
  const { dims, data } = outputs.vectors;
  return { kind: 'rows', vectors: { count: to - from, dims, data: data.subarray(from * dims, to * dims) } };
}

/** Blocks of the outputs, and the position of the first of each; the event loop can breathe between them. */
export async function* encoded(
  outputs: Outputs,
  turns: Turns,
): AsyncGenerator<readonly [offset: number, block: Block], void, undefined> {
  const pieces = new Pace().pieces(lengthOf(outputs), (from, to) => {
    const part = slice(outputs, from, to);
    return [from, encodeBlock(part.kind === 'rows' ? part.vectors : part.values)] as const;
  });
  for (;;) {
    const piece = await turns.run(() => pieces.next());
    if (piece.done) return;
    yield piece.value;
  }
}

function lengthOf(outputs: Outputs): number {
  return outputs.kind === 'rows' ? outputs.vectors.count : outputs.values.length;
}

/** Cuts what was run from `first` on where the next input is not the next one of the batch and of the map. */
function* consecutive(
  first: number,
  count: number,
  { positions, indices }: Pick<Places, 'positions' | 'indices'>,
): Generator<readonly [from: number, to: number], void, undefined> {
  let from = 0;
  for (let to = 1; to <= count; to++) {
    const [before, next] = [positions[first + to - 1]!, positions[first + to]];
    const goes = to < count && next === before + 1 && indices[next] === indices[before]! + 1;
    if (goes && to - from < MAX_ENTRY_INPUTS) continue;
    yield [from, to];
    from = to;
  }
}
