import test from 'ava';
import { QueryVectors } from '../../../core/collection/query-vectors.ts';

/** Vectors of two components, and every text that was embedded for them. */
function counted(): { queries: QueryVectors; embedded: string[] } {
  const embedded: string[] = [];
  const queries = new QueryVectors({ name: 'c', dims: 2, truncates: false }, async (texts) => {
    embedded.push(...texts);
    return { count: texts.length, dims: 2, data: new Float32Array(texts.length * 2).fill(1) };
  });
  return { queries, embedded };
}

test('a query is embedded once, also across calls', async (t) => {
  const { queries, embedded } = counted();
  await queries.resolve(['a dog', 'a dog'], undefined);
  const { data, indexOf } = await queries.resolve(['a cat', 'a dog'], undefined);
  t.deepEqual(embedded, ['a dog', 'a cat']);
  t.deepEqual([...indexOf], [0, 1]);
  t.is(data.length, 4);
});

test('long queries are remembered up to a bound in bytes, so that they do not fill the memory', async (t) => {
  const { queries, embedded } = counted();
  const long = Array.from({ length: 64 }, (_, index) => String(index).padEnd(1024 * 1024, 'x'));
  for (const text of long) await queries.resolve([text], undefined);
  await queries.resolve([long.at(-1)!], undefined);
  t.is(embedded.length, 64, 'the newest is still known');
  await queries.resolve([long[0]!], undefined);
  t.is(embedded.length, 65, 'the oldest is not');
});
