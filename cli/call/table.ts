import { type Columns, columnsOf, type Row, rowOf, SAMPLE } from './columns.ts';
import type { Entry, Sink } from './sink.ts';

/** Writes rows of columns that are known from the first on. */
export interface RowWriter {
  write(row: Row): Promise<void>;
  finish(): Promise<void>;
}

/** A sink that holds back the first results, chooses columns by them, and writes rows from then on. */
export function tableSink(open: (columns: Columns) => RowWriter | Promise<RowWriter>): Sink {
  const sample: Entry[] = [];
  let writing: { readonly columns: Columns; readonly rows: RowWriter } | undefined;
  const begin = async () => {
    const columns = columnsOf(sample);
    writing = { columns, rows: await open(columns) };
    for (const entry of sample.splice(0)) await writing.rows.write(rowOf(entry, columns));
    return writing;
  };
  return {
    async write(entry) {
      if (writing) return writing.rows.write(rowOf(entry, writing.columns));
      if (sample.push(entry) === SAMPLE) await begin();
    },
    async finish() {
      const { rows } = writing ?? (await begin());
      await rows.finish();
    },
  };
}
