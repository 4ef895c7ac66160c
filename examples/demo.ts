/**
 * The main job from end to end: start a shard server on this machine, embed a corpus there, and stream similarities
 * back. Run it with `npm run demo`, or `npm run demo -- --passages 500` for so many passages of all over the corpus.
 */
import { connect, repeat } from 'warpmap';
import { readCorpus } from './demo/corpus.ts';
import { heading, line, passage } from './demo/print.ts';

const queries = [
  'islands that live from tourism',
  'recovering from a long civil war',
  'money sent home by people who work abroad',
  'forests are cut down and the soil washes away',
];
const threat = 'earthquakes and volcanic eruptions threaten the people';

const passages = await readCorpus(process.argv.slice(2));
const byId = new Map(passages.map((each) => [each.id, each]));

const started = performance.now();
await using warp = await connect();
const [node] = await warp.nodes();
if (node === undefined || !node.reachable) throw node?.error ?? new TypeError('expected one node');
const where = `${node.device.name} (${node.device.kind}${node.device.software ? ', emulated' : ''})`;
heading('warpmap', `${node.model.name} on ${where}, served at ${node.url}`);

const factbook = warp.collection('factbook');
const embedding = performance.now();
await factbook.upsert(
  passages.map(({ id, text }) => ({ id, text })),
  { progress: true },
);
const seconds = (performance.now() - embedding) / 1000;
line(
  `${count(passages.length)} passages of The World Factbook embedded at ${count(passages.length / seconds)} a second`,
);

const best = await factbook.similarity.topK(queries, { k: 5 });
for (const [index, query] of queries.entries()) {
  heading('topK', query);
  for (const { id, score } of best[index] ?? []) passage(score, byId.get(String(id)));
}

heading('map', `${threat}: one score for each of ${count(passages.length)} ids, streamed in their order`);
const scoring = performance.now();
const countries = new Map<string, { score: number; id: string }>();
let scores = 0;
for await (const [id, score] of factbook.similarity.map(repeat(threat), byId.keys())) {
  scores++;
  const country = byId.get(String(id))?.country ?? '';
  if (score > (countries.get(country)?.score ?? -1)) countries.set(country, { score, id: String(id) });
}
const rate = scores / ((performance.now() - scoring) / 1000);
const threatened = [...countries.values()].sort((a, b) => b.score - a.score).slice(0, 5);
for (const { score, id } of threatened) passage(score, byId.get(id));

const total = (performance.now() - started) / 1000;
heading('done', `in ${total.toFixed(1)} s on ${where}`);
line(`embed       ${count(passages.length / seconds)} passages/s`);
line(`similarity  ${count(rate)} scores/s`);

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
