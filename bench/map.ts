/**
 * How fast do inputs and outputs travel through one local node? The functions cost next to nothing, so this is the
 * price of the map itself. See CONTRIBUTING.md for what all benchmarks have in common.
 */
import type { Result } from './harness/contract.ts';
import { environmentOf } from './harness/environment.ts';
import { benchOptions } from './harness/options.ts';
import { report } from './harness/report.ts';
import { clientMemory } from './map/memory.ts';
import { openPeers } from './map/peers.ts';
import { startProcess } from './map/process.ts';
import { timeMaps } from './map/rates.ts';
import { timeSimilarity } from './map/similarity.ts';
import type { TunedPeer } from './map/tune.ts';

const options = benchOptions('map');
const { quick } = options;
const rounds = quick ? 3 : 5;
const integers = quick ? 100_000 : 1_000_000;
const vectors = quick ? 10_000 : 100_000;
const similarity = quick ? { ids: 100_000, items: 5000, rounds } : { ids: 1_000_000, items: 100_000, rounds };

const results: Result[] = [];
{
  await using stack = new AsyncDisposableStack();
  const { line: node } = stack.use(await startProcess('nodeMain.ts'));
  const peers = options.peers ? stack.use(await openPeers(skipped)).peers : [];
  const environment = environmentOf({ kind: 'cpu', name: 'no engine', software: false }, options.seed);
  const shared = { node, peers, rounds, environment, tuned: tell };
  const echo = await timeMaps('echo', integers, shared);
  const vector = await timeMaps('vector', vectors, shared);
  results.push(...echo.results, ...vector.results);
  results.push(...(await clientMemory(integers, shared, echo.tuned)));
  results.push(...(await clientMemory(10 * integers, shared)));
}
results.push(...(await timeSimilarity(similarity, options)));
report(results, options);

function skipped({ message }: Error): void {
  console.error(`skipped: ${message}`);
}

function tell({ name, tried }: TunedPeer): void {
  if (options.json) return;
  console.log(`${name}: ${tried.map(({ size, rate }) => `${Math.round(rate)} of ${size}`).join(', ')}`);
}
