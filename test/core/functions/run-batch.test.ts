import test from 'ava';
import type { BoundFunction } from '../../../core/functions/contract.ts';
import { runBatch } from '../../../core/functions/run-batch.ts';

/** Records how many inputs it was given at once. */
function recorder(partInputs?: number): { bound: BoundFunction<unknown>; parts: number[] } {
  const parts: number[] = [];
  const bound: BoundFunction<unknown> = {
    ...(partInputs !== undefined && { partInputs }),
    accept: (input) => input,
    async run(inputs) {
      parts.push(inputs.length);
      return { kind: 'values', values: inputs };
    },
  };
  return { bound, parts };
}

async function partsOf(partInputs: number | undefined): Promise<number[]> {
  const { bound, parts } = recorder(partInputs);
  const signal = new AbortController().signal;
  const inputs = Array.from({ length: 10 }, (_, index) => index);
  for await (const _ of runBatch({ sequential: false }, bound, inputs, { signal, partInputs: 8 }));
  return parts;
}

test('a batch is run in parts of the size that the device likes', async (t) => {
  t.deepEqual(await partsOf(undefined), [8, 2]);
});

test('a function whose outputs are large is run in smaller parts', async (t) => {
  t.deepEqual(await partsOf(3), [3, 3, 3, 1]);
});

test('a function can not ask for larger parts than the device likes', async (t) => {
  t.deepEqual(await partsOf(100), [8, 2]);
});
