import { range } from '../../../index.ts';

/** 0 to `inputs` − 1 as the data of jobs: numbers, or arrays of so many. */
export function jobsOf(inputs: number, perJob: number): IteratorObject<number | number[]> {
  return perJob === 1 ? Iterator.from(range(inputs)) : bulksOf(range(inputs), perJob);
}

/** Jobs that are added by one command. */
export function* bulksOf<Job>(jobs: Iterable<Job>, size: number): Generator<Job[]> {
  let bulk: Job[] = [];
  for (const job of jobs) {
    bulk.push(job);
    if (bulk.length < size) continue;
    yield bulk;
    bulk = [];
  }
  if (bulk.length > 0) yield bulk;
}

/** Runs `add` on each, so many at once. */
export async function ahead<Item>(
  items: Iterable<Item>,
  atOnce: number,
  add: (item: Item) => Promise<unknown>,
): Promise<void> {
  const rest = Iterator.from(items);
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) await add(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
