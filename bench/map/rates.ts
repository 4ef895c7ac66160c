/** Inputs a second there and back, ours and those of peers. */
import { connect, range } from '../../index.ts';
import type { Environment, Result, Subject } from '../harness/contract.ts';
import { measure } from '../harness/measure.ts';
import { resultOf, resultsOf } from '../harness/results.ts';
import type { OpenPeer } from './peers.ts';
import { tune, type TunedPeer } from './tune.ts';
import { checkOutputs, WIDTH } from './work.ts';

const workloads = {
  echo: { batched: 'echoes', what: 'integers, echoed', bytes: 0 },
  vector: { batched: 'vectors', what: `vectors of ${WIDTH} floats`, bytes: WIDTH * 4 },
} as const;

export interface RatesOptions {
  /** URL of the node. */
  readonly node: string;
  readonly peers: readonly OpenPeer[];
  readonly rounds: number;
  readonly environment: Environment;
  readonly tuned: (peer: TunedPeer) => void;
}

export interface Rates {
  readonly results: readonly Result[];
  readonly tuned: readonly TunedPeer[];
}

/** Maps a function over so many integers, by all that can. */
export async function timeMaps(
  name: keyof typeof workloads,
  count: number,
  { node, peers, rounds, environment, tuned: say }: RatesOptions,
): Promise<Rates> {
  const { batched, what, bytes } = workloads[name];
  await using warp = await connect({ nodes: [node] });
  const ours = (title: string, called: string): Subject => ({
    name: `warpmap, ${title}`,
    peer: false,
    run: () => checkOutputs(warp.function<number, unknown>(called).map(range(count)), count),
  });
  const tuned: TunedPeer[] = [];
  for (const peer of peers) {
    const found = await tune(peer, name, count);
    say(found);
    tuned.push(found);
  }
  const timings = await measure(
    [
      ours('a built-in function', name),
      ours('a function of an app', `bench/${name}`),
      ours('a batched function of an app', `bench/${batched}`),
      ...tuned.map((found) => ({ name: found.name, peer: true, run: () => found.peer.run(name, count, found.size) })),
    ],
    { rounds },
  );
  const question = `${count} ${what}`;
  const results = resultsOf(timings, { question, unit: 'inputs/s', amount: count }, environment);
  if (bytes > 0)
    results.push(...resultsOf(timings, { question, unit: 'MB/s', amount: (count * bytes) / 1e6 }, environment));
  results.push(...singles(`${what}, a task for each`, tuned, environment));
  return { results, tuned };
}

/** What each peer does without batches, as seen when its sizes were tried. */
function singles(question: string, tuned: readonly TunedPeer[], environment: Environment): Result[] {
  return tuned.flatMap(({ peer, tried }) =>
    tried
      .filter(({ size }) => size === 1)
      .map(({ rate }) => resultOf({ question, subject: peer.name, value: rate, unit: 'inputs/s' }, environment)),
  );
}
