import type { CallChunk, CallOutcome } from '../../../shard/call/contract.ts';
import type { Acknowledgement } from '../contract.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Blocks one after the other in a buffer of their own, which moves to the thread. Sent as they are, each would take the
 * whole buffer along of which it is a view, such as the body that brought it.
 */
class Parcel {
  readonly buffer: ArrayBuffer;
  #length = 0;

  constructor(blocks: readonly Bytes[]) {
    this.buffer = new ArrayBuffer(blocks.reduce((sum, { length }) => sum + length, 0));
  }

  add(block: Bytes): Bytes {
    const copy = new Uint8Array(this.buffer, this.#length, block.length);
    copy.set(block);
    this.#length += block.length;
    return copy;
  }
}

export interface Parcelled<Value> {
  readonly value: Value;
  readonly transfer: readonly ArrayBuffer[];
}

export function parcelChunks(chunks: readonly CallChunk[]): Parcelled<CallChunk[]> {
  const parcel = new Parcel(chunks.map(({ block }) => block));
  return { value: chunks.map((chunk) => ({ ...chunk, block: parcel.add(chunk.block) })), transfer: [parcel.buffer] };
}

export function parcelAcknowledgements(given: readonly Acknowledgement[]): Parcelled<Acknowledgement[]> {
  const blocks = given.flatMap(({ outcomes }) =>
    outcomes.flatMap((each) => (each.kind === 'outputs' ? [each.block] : [])),
  );
  const parcel = new Parcel(blocks);
  const parcelled = (outcome: CallOutcome): CallOutcome =>
    outcome.kind === 'outputs' ? { ...outcome, block: parcel.add(outcome.block) } : outcome;
  return {
    value: given.map((each) => ({ ...each, outcomes: each.outcomes.map(parcelled) })),
    transfer: [parcel.buffer],
  };
}
