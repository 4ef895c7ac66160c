/** An app whose functions keep files in a volume. */
import { setTimeout as sleep } from 'node:timers/promises';
import { App, context, type VolumeBatch } from 'warpmap';

export const app: App = new App('volumes');

const volumes = { '/data': 'files' };
const data = (): VolumeBatch => context().volumes['/data']!;

/** Writes a file, and then does what is asked. */
export const write = app.function('write', { volumes }, async (path: string, text: string, then: string) => {
  await data().write(path, text);
  await data().write(`${path}.second`, text);
  if (then === 'throw') throw new RangeError('after writing');
  if (then === 'kill') process.kill(process.pid, 'SIGKILL');
  if (then === 'commit and throw') {
    await data().commit();
    await data().write(`${path}.third`, text);
    throw new RangeError('after committing');
  }
  if (then === 'wait') {
    context().log('waiting');
    await sleep(60_000, undefined, { signal: context().signal });
  }
  return data().text(path);
});

export const read = app.function('read', { volumes }, async (path: string) => data().text(path));

export const paths = app.function('paths', { volumes }, async () => Array.fromAsync(data().list(), ({ path }) => path));

export const many = app.batched('many', { volumes, maxBatchSize: 4 }, async (texts: string[]) => {
  for (const text of texts) await data().write(`many/${text}`, text);
  if (texts.includes('poison')) throw new RangeError('poison');
  return texts;
});

export const items = app.function('items', { volumes }, async function* (count: number) {
  for (let index = 0; index < count; index++) {
    await data().write(`items/${index}`, `${index}`);
    yield index;
  }
});

/** Reads and writes a large file, and tells the most memory that it took. */
export const large = app.function('large', { volumes }, async (bytes: number) => {
  const before = process.memoryUsage().rss;
  let most = before;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes; at += 1024 * 1024) {
      most = Math.max(most, process.memoryUsage().rss);
      yield new Uint8Array(1024 * 1024).fill(at / 1024 / 1024);
    }
  }
  await data().write('large', parts());
  let read = 0;
  for await (const part of await data().stream('large')) {
    read += part.length;
    most = Math.max(most, process.memoryUsage().rss);
  }
  return { read, grown: most - before };
});

class Counted {
  runs = 0;
}

const counted = app.cls('counted', { volumes }, { enter: () => new Counted() });
export const count = counted.method('count', async (state) => {
  state.runs++;
  await data().write('count', String(state.runs));
  return state.runs;
});

export const unmounted = app.function('unmounted', () => Object.keys(context().volumes));
