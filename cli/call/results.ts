import type { FunctionCall } from '../../sdk/call/function-call.ts';
import type { Connection } from '../../sdk/connection.ts';
import type { Item } from '../../sdk/contract.ts';
import { SdkError } from '../../sdk/errors.ts';
import { connectTo, type NodeFlags } from '../commands/nodes.ts';
import { type ShapeFlags, shapeOf } from '../commands/shape.ts';
import { CliError } from '../errors.ts';
import { openDestination } from './destination.ts';
import type { Entry, MakeSink } from './sink.ts';

export interface ResultsOptions extends NodeFlags, ShapeFlags {
  readonly format: 'jsonl' | 'csv' | 'parquet';
  readonly output?: string;
  readonly failed?: true;
  readonly from: number;
  readonly wait: boolean;
  readonly collection?: string;
}

/**
 * Writes what came of the inputs of a call, or upserts its outputs. Resolves to the exit code: 1 if inputs failed, unless
 * it was asked for those, or the call was cancelled.
 */
export async function results(id: string, options: ResultsOptions): Promise<number> {
  const shaped = Object.keys(shapeOf(options));
  if (options.collection === undefined && shaped.length > 0) {
    throw new CliError(
      'USAGE',
      `Expected --collection beside --${shaped.join(', --')}: they say what it is to be like`,
    );
  }
  await using warp = await connectTo(options);
  const call = warp.call(id);
  const tally = new Tally(options.failed === true);
  if (options.collection === undefined) await write(call, options, tally);
  else await upsert(warp, call, { collection: options.collection, options, tally });
  return tally.close();
}

/** Counts failures, and says so at the end; that the call was cancelled too. */
class Tally {
  readonly #wanted: boolean;
  #failed = 0;
  #code = 0;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  async *of(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
    try {
      for await (const entry of entries) {
        if ('error' in entry) this.#failed++;
        yield entry;
      }
    } catch (error) {
      // All that there is of it has come before.
      if (!(error instanceof SdkError) || error.code !== 'CALL_CANCELLED') throw error;
      this.#note(error.message);
    }
  }

  #note(text: string): void {
    process.stderr.write(`${text}\n`);
    this.#code = 1;
  }

  close(): number {
    if (this.#failed > 0 && !this.#wanted) {
      const count = this.#failed.toLocaleString('en');
      this.#note(`${count} inputs failed; \`warpmap call retry\` has them run again, \`--failed\` shows them alone`);
    }
    return this.#code;
  }
}

function read(call: FunctionCall<unknown, unknown>, { failed, from, wait }: ResultsOptions): AsyncIterable<Entry> {
  return call.entries({ from, wait, ...(failed && { failed }) });
}

async function write(call: FunctionCall<unknown, unknown>, options: ResultsOptions, tally: Tally): Promise<void> {
  await using to = await openDestination(options.output);
  const sink = (await sinkOf(options.format))(to);
  for await (const entry of tally.of(read(call, options))) await sink.write(entry);
  await sink.finish();
  await to.finish();
}

/** Each format is loaded when it is wanted. */
async function sinkOf(format: ResultsOptions['format']): Promise<MakeSink> {
  switch (format) {
    case 'jsonl':
      return (await import('./json-lines.ts')).jsonLines;
    case 'csv':
      return (await import('./csv.ts')).csv;
    case 'parquet':
      return (await import('./parquet.ts')).parquet;
  }
}

interface Upsert {
  readonly collection: string;
  readonly options: ResultsOptions;
  readonly tally: Tally;
}

async function upsert(
  warp: Connection,
  call: FunctionCall<unknown, unknown>,
  { collection, options, tally }: Upsert,
): Promise<void> {
  const items = (async function* () {
    for await (const entry of tally.of(read(call, options))) if (!('error' in entry)) yield entry.output as Item;
  })();
  await warp.collection(collection, shapeOf(options)).upsert(items, { progress: true });
}
