import { setImmediate as breathe } from 'node:timers/promises';
import type { Device } from '../device/contract.ts';
import type { BoundFunction, HostedFunction } from './contract.ts';
import { isolate } from './isolate.ts';
import type { Entry, Outcome } from './outcome.ts';
import { refuseWhole } from './refuse.ts';

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Inputs that are run at once. */
  readonly partInputs: number;
}

/** Parts that run while another's outputs are sent. */
const PARTS_AHEAD = 2;

/**
 * Runs a batch part by part and yields each index exactly once, in any order. An input that is wrong fails alone;
 * only if every input is wrong in the same way is the batch refused as a whole, by throwing that error.
 */
export function runBatch(
  hosted: Pick<HostedFunction, 'sequential'>,
  bound: BoundFunction<unknown>,
  inputs: readonly unknown[],
  options: RunOptions,
): AsyncGenerator<Outcome, void, undefined> {
  return refuseWhole(runParts(hosted, bound, inputs, options));
}

async function* runParts(
  hosted: Pick<HostedFunction, 'sequential'>,
  bound: BoundFunction<unknown>,
  inputs: readonly unknown[],
  { signal, ...options }: RunOptions,
): AsyncGenerator<Outcome, void, undefined> {
  const partInputs = Math.min(options.partInputs, bound.partInputs ?? Infinity);
  const ahead = hosted.sequential ? 1 : PARTS_AHEAD;
  const running: Promise<Outcome[]>[] = [];

  for (let from = 0; from < inputs.length; from += partInputs) {
    signal.throwIfAborted();
    const entries: Entry<unknown>[] = [];
    for (let index = from; index < Math.min(from + partInputs, inputs.length); index++) {
      try {
        entries.push({ index, input: bound.accept(inputs[index]) });
      } catch (error) {
        yield { kind: 'failure', index, error };
      }
    }
    if (entries.length === 0) {
      await breathe();
      continue;
    }
    const part = isolate(bound, entries, signal);
    // Awaited below, or not at all if the batch ends before.
    part.catch(() => {});
    running.push(part);
    if (running.length >= ahead) yield* await running.shift()!;
  }
  while (running.length > 0) yield* await running.shift()!;
}

/** Inputs that are run at once: enough for the device to be busy, and few enough for the first outputs to leave soon. */
export function partInputs({ kind, software }: Device): number {
  return kind === 'cpu' || software ? 256 : 2048;
}
