import type { Answer, Batch, Lane } from '../../shard/contract.ts';
import type { RemoteError } from '../../shard/wire/message.ts';

/**
 * One lane that runs each batch on every one of the lanes, and answers when all have. One batch at a time, so that
 * what comes later in the map also comes later on each node. What fails on one has failed.
 */
export function everywhere<I, O>(lanes: readonly Lane<I, O>[]): Lane<I, O> {
  return {
    name: lanes.map(({ name }) => name).join(' and '),
    concurrency: 1,
    async *send(batch, signal) {
      const others = new AbortController();
      const either = AbortSignal.any([signal, others.signal]);
      const runs = lanes.map((lane) => collect(lane, batch, either));
      try {
        yield* merge(batch, await Promise.all(runs));
      } finally {
        // Nothing is left running behind an error of one of them.
        others.abort();
        await Promise.allSettled(runs);
      }
    },
    async check(signal) {
      await Promise.all(lanes.map(async (lane) => lane.check?.(signal)));
    },
    async cancel() {
      await Promise.all(lanes.map(async (lane) => lane.cancel?.()));
    },
  };
}

interface Collected<O> {
  readonly outputs: ReadonlyMap<number, O>;
  readonly failures: ReadonlyMap<number, RemoteError>;
}

async function collect<I, O>(lane: Lane<I, O>, batch: Batch<I>, signal: AbortSignal): Promise<Collected<O>> {
  const outputs = new Map<number, O>();
  const failures = new Map<number, RemoteError>();
  for await (const answer of lane.send(batch, signal)) {
    if ('error' in answer) failures.set(answer.index, answer.error);
    else for (const [offset, output] of answer.outputs.entries()) outputs.set(answer.first + offset, output);
  }
  return { outputs, failures };
}

/** An input that any lane left without an answer is left without one, for the pump to send again. */
function* merge<I, O>(batch: Batch<I>, all: readonly Collected<O>[]): Generator<Answer<O>> {
  for (const index of batch.inputs.keys()) {
    const error = all.map(({ failures }) => failures.get(index)).find((one) => one !== undefined);
    if (error) yield { index, error };
    else if (all.every(({ outputs }) => outputs.has(index))) {
      yield { first: index, outputs: [all[0]!.outputs.get(index) as O] };
    }
  }
}
