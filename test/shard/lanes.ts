import type { Answer, Batch, Lane } from '../../shard/contract.ts';

export type Send<I, O> = (batch: Batch<I>, signal: AbortSignal) => AsyncIterable<Answer<O>>;

export interface RecordedLane<I, O> extends Lane<I, O> {
  readonly batches: Batch<I>[];
  cancelled: number;
}

/** A lane that runs `send`, and remembers what it was asked. */
export function laneOf<I, O>(name: string, send: Send<I, O>, concurrency = 2): RecordedLane<I, O> {
  return {
    name,
    concurrency,
    batches: [],
    cancelled: 0,
    send(batch, signal) {
      this.batches.push(batch);
      return send(batch, signal);
    },
    async cancel() {
      this.cancelled++;
    },
  };
}

/** A lane that applies a function to each input. */
export function mapping<I, O>(name: string, apply: (input: I) => O, concurrency?: number): RecordedLane<I, O> {
  return laneOf<I, O>(
    name,
    async function* (batch) {
      yield { first: 0, outputs: batch.inputs.map(apply) };
    },
    concurrency,
  );
}
