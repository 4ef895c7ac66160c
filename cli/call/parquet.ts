import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { estimateBytes } from '../../shard/bytes.ts';
import { plainJson } from '../../shard/wire/json.ts';
import type { Column, Columns, Kind, Row } from './columns.ts';
import type { Destination } from './destination.ts';
import type { MakeSink } from './sink.ts';
import { type RowWriter, tableSink } from './table.ts';

/** Rows of a row group, unless their bytes are many: they are held until it is written. */
const GROUP_ROWS = 50_000;
const GROUP_BYTES = 32 * 2 ** 20;

/** A column for each key of the outputs, typed by the first of them; docs/calls.md. */
export const parquet: MakeSink = (to) => tableSink((columns) => parquetRows(columns, to));

function parquetRows({ columns }: Columns, to: Destination): RowWriter {
  const all: readonly Column[] = [...columns, { name: 'rest', kind: 'json' }, { name: 'error', kind: 'string' }];
  const bytes = new ByteWriter();
  const taken = async (): Promise<void> => {
    const part = new Uint8Array(bytes.buffer.slice(0, bytes.index));
    bytes.index = 0;
    if (part.length > 0) await to.write(part);
  };
  const writer = new ParquetWriter({ writer: Object.assign(bytes, { flush: taken }), schema: schemaOf(all) });
  let rows: Row[] = [];
  let held = 0;
  const flush = async (): Promise<void> => {
    const group = rows;
    [rows, held] = [[], 0];
    const data = [
      { name: 'index', data: BigInt64Array.from(group, ({ index }) => BigInt(index)) },
      ...all.map(({ name, kind }, at) => ({ name, data: group.map((row) => valueOf(cellsOf(row)[at], kind)) })),
    ];
    await writer.write({ columnData: data, rowGroupSize: Math.max(1, group.length) });
  };
  return {
    async write(row) {
      rows.push(row);
      held += estimateBytes(row.values) + estimateBytes(row.rest);
      if (rows.length >= GROUP_ROWS || held >= GROUP_BYTES) await flush();
    },
    async finish() {
      if (rows.length > 0) await flush();
      await writer.finish();
      await taken();
    },
  };
}

function cellsOf({ values, rest, error }: Row): readonly unknown[] {
  return [...values, rest, error];
}

/** A value as the writer takes it. */
function valueOf(value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return null;
  // The writer makes JSON of it, but knows no vectors, dates or sets.
  if (kind === 'json') return JSON.parse(plainJson(value)) as unknown;
  return kind === 'vector' ? Array.from(value as Float32Array) : value;
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length + 1 },
    { name: 'index', type: 'INT64', repetition_type: 'REQUIRED' },
    ...columns.flatMap(({ name, kind }) => elementsOf(name, kind)),
  ];
}

function elementsOf(name: string, kind: Kind): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (kind) {
    case 'number':
      return [{ ...optional, type: 'DOUBLE' }];
    case 'boolean':
      return [{ ...optional, type: 'BOOLEAN' }];
    case 'string':
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'timestamp':
      return [{ ...optional, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }];
    case 'vector':
      return [
        { ...optional, num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
      ];
    case 'json':
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'JSON' }];
  }
}
