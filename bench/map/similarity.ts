/** Scores a second of a function that is built in: one vector, and the ids of a collection. */
import { connect, range, repeat } from '../../index.ts';
import type { Result } from '../harness/contract.ts';
import { environmentOf, refuseEmulation } from '../harness/environment.ts';
import { measure } from '../harness/measure.ts';
import type { BenchOptions } from '../harness/options.ts';
import { seeded } from '../harness/random.ts';
import { resultsOf } from '../harness/results.ts';

export interface SimilarityShape {
  /** Scores that are asked for. */
  readonly ids: number;
  /** Vectors of the collection. */
  readonly items: number;
  readonly rounds: number;
}

/** With a model, because a node has one; its vectors are of no interest here. */
export async function timeSimilarity(
  { ids, items, rounds }: SimilarityShape,
  { device, model, seed }: BenchOptions,
): Promise<Result[]> {
  await using warp = await connect({ ...(device !== undefined && { device }), ...(model !== undefined && { model }) });
  const [node] = await warp.nodes();
  if (!node?.reachable) throw new Error('Expected a local server, got none.');
  refuseEmulation(node.device, device);
  const random = seeded(seed);
  const { dims } = node.model;
  const vector = (): Float32Array => Float32Array.from({ length: dims }, () => random() - 0.5);
  const collection = warp.collection('bench');
  await collection.upsert(Iterator.from(range(items)).map((id) => ({ id, vector: vector() })));
  const query = vector();
  const run = async (): Promise<void> => {
    let index = 0;
    for await (const [id] of collection.similarity.map(repeat(query), cycled(ids, items))) {
      if (id !== index++ % items) throw new Error(`Expected the id ${(index - 1) % items}, got ${id}.`);
    }
  };
  const question = `similarity of one vector with ${ids} ids, ${items} of them different`;
  const timings = await measure([{ name: 'warpmap', peer: false, run }], { rounds });
  return resultsOf(timings, { question, unit: 'scores/s', amount: ids }, environmentOf(node.device, seed));
}

function* cycled(count: number, length: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index % length;
}
