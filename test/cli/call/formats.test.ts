import test from 'ava';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { csv } from '../../../cli/call/csv.ts';
import type { Destination } from '../../../cli/call/destination.ts';
import { jsonLines } from '../../../cli/call/json-lines.ts';
import { parquet } from '../../../cli/call/parquet.ts';
import type { Entry, MakeSink } from '../../../cli/call/sink.ts';
import { InputError } from '../../../shard/errors.ts';

const failure = new InputError({
  index: 1,
  input: undefined,
  preview: "'cat'",
  attempts: 2,
  losses: 0,
  node: 'http://10.0.0.1:7411',
  remote: { code: 'FUNCTION_FAILED', message: 'no "cat"', details: { stack: 'Error: no\n at cat' } },
});

/** What a sink makes of these outputs; an error stands for a failure. */
async function written(make: MakeSink, outputs: Iterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  const to: Destination = {
    async write(bytes) {
      parts.push(Buffer.from(bytes as string));
    },
    async finish() {},
    async [Symbol.asyncDispose]() {},
  };
  const sink = make(to);
  let index = 0;
  for (const output of outputs) {
    const entry: Entry = output instanceof InputError ? { index, error: output } : { index, output };
    await sink.write(entry);
    index++;
  }
  await sink.finish();
  return Buffer.concat(parts);
}

async function readParquet(bytes: Buffer): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
}

test('JSON lines have the position, and the output or the failure', async (t) => {
  const lines = (await written(jsonLines, [undefined, failure, new Float32Array([1, 2])]))
    .toString()
    .trimEnd()
    .split('\n');
  t.is(lines[0], '{"index":0,"output":null}');
  t.deepEqual(JSON.parse(lines[1]!), {
    index: 1,
    error: {
      code: 'FUNCTION_FAILED',
      message: failure.message,
      input: "'cat'",
      attempts: 2,
      losses: 0,
      node: 'http://10.0.0.1:7411',
      stack: 'Error: no\n at cat',
      details: {},
    },
  });
  t.is(lines[2], '{"index":2,"output":[1,2]}');
});

test('CSV has a column for each key, quotes what needs it, and puts failures into a column of their own', async (t) => {
  const text = (
    await written(csv, [{ name: 'a "dog", big', tags: ['x'] }, failure, { name: 'owl', score: 0.5 }])
  ).toString();
  t.is(
    text,
    [
      'index,name,tags,score,rest,error',
      '0,"a ""dog"", big","[""x""]",,,',
      `1,,,,,"FUNCTION_FAILED: ${failure.message.replaceAll('"', '""')}"`,
      '2,owl,,0.5,,',
      '',
    ].join('\r\n'),
  );
});

test('CSV of outputs that are no objects has one column of them', async (t) => {
  t.is((await written(csv, [1, 'two', null])).toString(), 'index,output,rest,error\r\n0,1,,\r\n1,two,,\r\n2,,,\r\n');
});

test('Parquet gives back what was put in, typed by column', async (t) => {
  const made = new Date('2026-11-24T00:00:00Z');
  const outputs = [
    { id: 'a', score: 0.25, good: true, made, vector: new Float32Array([1.5, -2]), tags: ['x', { deep: 1 }] },
    failure,
    { id: 'b', score: 3, good: null, tags: 'one' },
  ];
  const bytes = await written(parquet, outputs);
  t.deepEqual(await readParquet(bytes), [
    {
      index: 0n,
      id: 'a',
      score: 0.25,
      good: true,
      made,
      vector: [1.5, -2],
      tags: ['x', { deep: 1 }],
      rest: null,
      error: null,
    },
    {
      index: 1n,
      id: null,
      score: null,
      good: null,
      made: null,
      vector: undefined,
      tags: null,
      rest: null,
      error: `FUNCTION_FAILED: ${failure.message}`,
    },
    { index: 2n, id: 'b', score: 3, good: null, made: null, vector: undefined, tags: 'one', rest: null, error: null },
  ] as never);
});

test('Parquet of mixed outputs has them as JSON', async (t) => {
  const rows = await readParquet(await written(parquet, [1, 'two', [3], { four: 4 }]));
  t.deepEqual(
    rows.map(({ output }) => output),
    [1, 'two', [3], { four: 4 }],
  );
});

test('what comes after the first thousand results and does not fit is in rest, and nothing is lost', async (t) => {
  const outputs = [
    ...Array.from({ length: 1000 }, (_, score) => ({ score })),
    { score: 'high', more: 1 },
    'no object',
    { score: 7, rest: 'own', index: 3 },
  ];
  const rows = await readParquet(await written(parquet, outputs));
  t.deepEqual(
    rows.slice(999).map(({ score, rest }) => [score, rest]),
    [
      [999, null],
      [null, { score: 'high', more: 1 }],
      [null, 'no object'],
      [7, { rest: 'own', index: 3 }],
    ],
  );
});

test('Parquet is written in row groups, so that not all rows are held', async (t) => {
  const rows = Array.from({ length: 120_000 }, (_, index) => index);
  const bytes = await written(parquet, rows);
  const { row_groups: groups } = parquetMetadata(Uint8Array.from(bytes).buffer);
  t.deepEqual(
    groups.map(({ num_rows: count }) => Number(count)),
    [50_000, 50_000, 20_000],
  );
  t.deepEqual(
    (await readParquet(bytes)).map(({ output }) => output),
    rows,
  );
});

test('no results at all make an empty table', async (t) => {
  t.deepEqual(await readParquet(await written(parquet, [])), []);
  t.is((await written(csv, [])).toString(), 'index,output,rest,error\r\n');
});
