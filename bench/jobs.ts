/**
 * How soon are many small inputs on disk, so that their client may leave, and how soon are their outputs? The function
 * costs nothing, so this is the price of losing nothing. See CONTRIBUTING.md for what all benchmarks have in common.
 */
import type { Result } from './harness/contract.ts';
import { environmentOf } from './harness/environment.ts';
import { benchOptions } from './harness/options.ts';
import { report } from './harness/report.ts';
import { resultsOf } from './harness/results.ts';
import { type JobTiming, measureJobs } from './jobs/measure.ts';
import { openOurs } from './jobs/ours.ts';
import { openPeers } from './jobs/peers.ts';
import { startDatabases } from './jobs/postgres.ts';

const options = benchOptions('jobs');
const { quick } = options;
const rounds = quick ? 2 : 5;
const inputs = quick ? 100_000 : 1_000_000;

const results: Result[] = [];
{
  await using stack = new AsyncDisposableStack();
  const database = await startDatabases();
  const peers = options.peers ? await openPeers(database, { stack, skipped }) : [];
  const environment = environmentOf({ kind: 'cpu', name: 'no engine', software: false }, options.seed);
  const ours = [stack.use(await openOurs(inputs)), stack.use(await openOurs(inputs, await database()))];
  const subjects = [...ours, ...peers.map((peer) => ({ ...peer, inputs: quick ? peer.inputs / 4 : peer.inputs }))];
  const { submits, drains } = await measureJobs(subjects, { rounds, inputs });
  for (const [what, timings] of Object.entries({
    'inputs on disk': submits,
    'outputs on disk, by two workers': drains,
  })) {
    const rate = { unit: 'inputs/s', amount: inputs };
    const beside = (byHand: boolean): readonly JobTiming[] =>
      timings.filter(({ subject }) => !subject.peer || subject.byHand === byHand);
    results.push(...resultsOf(beside(false), { ...rate, question: what }, environment));
    if (!timings.some(({ subject }) => subject.byHand)) continue;
    results.push(
      ...resultsOf(beside(true), { ...rate, question: `${what}, beside batches made by hand` }, environment),
    );
  }
}
report(results, options);

function skipped({ message }: Error): void {
  console.error(`skipped: ${message}`);
}
