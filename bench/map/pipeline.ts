import { range } from '../../index.ts';
import { checkCount, checkOutput } from './work.ts';

export interface Pipeline {
  readonly count: number;
  /** Inputs of a batch. */
  readonly size: number;
  /** Batches under way at once. */
  readonly ahead: number;
}

/** Sends 0 to `count` − 1 in batches, and checks each output in the order of the inputs. */
export async function mapInBatches(
  { count, size, ahead }: Pipeline,
  send: (inputs: readonly number[]) => Promise<Iterable<unknown>>,
): Promise<void> {
  const sent: Promise<Iterable<unknown>>[] = [];
  let index = 0;
  const take = async (): Promise<void> => {
    for (const output of await sent.shift()!) checkOutput(index++, output);
  };
  for (const batch of batches(range(count), size)) {
    const outputs = send(batch);
    // A failure is met in its turn.
    outputs.catch(() => {});
    sent.push(outputs);
    if (sent.length >= ahead) await take();
  }
  while (sent.length > 0) await take();
  checkCount(index, count);
}

function* batches(inputs: Iterable<number>, size: number): Generator<number[]> {
  let batch: number[] = [];
  for (const input of inputs) {
    batch.push(input);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
