import { plainJson } from '../../shard/wire/json.ts';
import { Gathered, type MakeSink } from './sink.ts';
import { tableSink } from './table.ts';

/** As RFC 4180 has it: a header, quotes where they are needed, CRLF. What is no text, number or boolean is JSON. */
export const csv: MakeSink = (to) => {
  const gathered = new Gathered(to);
  const line = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\r\n`;
  return tableSink(async ({ columns }) => {
    await gathered.add(line(['index', ...columns.map(({ name }) => name), 'rest', 'error']));
    return {
      write: ({ index, values, rest, error }) => gathered.add(line([index, ...values, rest, error])),
      finish: () => gathered.flush(),
    };
  });
};

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = textOf(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof Date ? value.toJSON() : plainJson(value);
}
