/**
 * Fire and forget: each item of a volume is embedded by nodes, and its vector is a file of the volume, after the program
 * that began it has gone.
 *
 *     warpmap serve examples/passages.ts
 *     WARPMAP_NODES=127.0.0.1:7411 node examples/passages.ts 500     prints the id of the call, and ends
 *     WARPMAP_NODES=127.0.0.1:7411 warpmap call wait ID
 *     WARPMAP_NODES=127.0.0.1:7411 warpmap volume ls --long passages vectors/
 */
import { App, connect, context, range } from 'warpmap';
import { readCorpus } from './demo/corpus.ts';

export const app: App = new App('passages');

const volumes = { '/data': 'passages' };

/** Embeds one item, and gives the number of its components. */
export const embedPassage = app.function(
  'embedPassage',
  { volumes, retries: { maxRetries: 3 } },
  async (index: number) => {
    const { '/data': data } = context().volumes;
    const text = await data!.text(`items/${index}.txt`);
    const vector = await context().embed([text]);
    await data!.write(`vectors/${index}.f32`, vector.data);
    return vector.dims;
  },
);

if (import.meta.main) {
  const count = process.argv[2] ?? '200';
  const passages = await readCorpus(['--passages', count]);
  await using warp = await connect();
  const batch = warp.volume('passages', { createIfMissing: true }).batch();
  for (const [index, { text }] of passages.entries()) await batch.write(`items/${index}.txt`, text);
  await batch.commit();
  const call = await warp.function(embedPassage).spawnMap(range(passages.length));
  console.log(call.id);
}
