import { type Context, type ContextCollection, logOf } from '../../shard/app/context.ts';
import { ShardError } from '../../shard/errors.ts';

/** The context of a handler that no node runs. */
export const hereOnly: Context = {
  signal: new AbortController().signal,
  attempt: 0,
  gpu: undefined,
  call: 'local',
  batch: 0,
  index: 0,
  log: logOf((level, message, fields) => {
    process.stderr.write(`${level}: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`);
  }),
  volumes: {},
  async embed() {
    throw noNode();
  },
  collection: (name): ContextCollection => ({
    name,
    similarity: refuse,
    topK: refuse,
    upsert: refuse,
    remove: refuse,
    size: refuse,
  }),
};

async function refuse(): Promise<never> {
  throw noNode();
}

function noNode(): ShardError {
  const message = 'A handler that is run with local() has no node to embed texts or search collections; use remote()';
  return new ShardError('NO_CONTEXT', message);
}
