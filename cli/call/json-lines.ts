import type { InputError } from '../../shard/errors.ts';
import { plainJson } from '../../shard/wire/json.ts';
import { type Entry, Gathered, type MakeSink } from './sink.ts';

/** `{"index", "output"}` or `{"index", "error"}` a line. */
export const jsonLines: MakeSink = (to) => {
  const gathered = new Gathered(to);
  return {
    write: (entry) => gathered.add(`${lineOf(entry)}\n`),
    finish: () => gathered.flush(),
  };
};

function lineOf(entry: Entry): string {
  if ('error' in entry) return JSON.stringify({ index: entry.index, error: failureOf(entry.error) });
  return `{"index":${entry.index},"output":${plainJson(entry.output)}}`;
}

/** An error as plain data. */
function failureOf({ code, message, input, attempts, losses, node, remoteStack, details }: InputError): object {
  return { code, message, input, attempts, losses, node, stack: remoteStack, details };
}
