/** The search for a peer's best batch size. */
import type { FunctionName, MapPeer } from './peer.ts';
import type { OpenPeer } from './peers.ts';

export interface Trial {
  readonly size: number;
  /** Inputs a second. */
  readonly rate: number;
}

/** Batches of one trial, so that all workers have some at once and the first of them doesn't decide. */
const LEAST_BATCHES = 16;
/** And at most so many: a task for each input is slow. */
const MOST_BATCHES = 2000;

/** A size is run again until so many milliseconds have passed, or so many runs: the fastest counts, whatever else ran. */
const LONG = 500;
const MOST_RUNS = 5;

/** Times each of a peer's sizes on no more than `count` inputs. */
export async function trials(
  peer: MapPeer,
  name: FunctionName,
  count: number,
  now: () => number = () => performance.now(),
): Promise<Trial[]> {
  const sizes = peer.sizes[name].filter((each) => each <= count / 2);
  // Whatever starts at the first use is not counted against the first size.
  const largest = sizes.at(-1) ?? 1;
  await peer.run(name, Math.min(count, LEAST_BATCHES * largest), largest);
  const results: Trial[] = [];
  for (const size of sizes) {
    const inputs = Math.min(count, MOST_BATCHES * size, Math.max(count / 10, LEAST_BATCHES * size));
    const begin = now();
    let fastestRun = Infinity;
    for (let runs = 0; runs < MOST_RUNS && now() - begin < LONG; runs++) {
      const start = now();
      await peer.run(name, inputs, size);
      fastestRun = Math.min(fastestRun, now() - start);
    }
    results.push({ size, rate: inputs / (fastestRun / 1000) });
  }
  return results;
}

/** A peer with the batch size that was fastest. */
export interface TunedPeer extends OpenPeer {
  /** Says the size too. */
  readonly name: string;
  readonly size: number;
  readonly tried: readonly Trial[];
}

/** Finds a peer's best batch size for one function and so many inputs. */
export async function tune({ group, peer }: OpenPeer, name: FunctionName, count: number): Promise<TunedPeer> {
  const tried = await trials(peer, name, count);
  const { size } = fastest(tried);
  return { group, peer, size, tried, name: `${peer.name}, batches of ${size}` };
}

/** That of the highest rate. */
export function fastest(results: readonly Trial[]): Trial {
  return results.reduce((best, trial) => (trial.rate > best.rate ? trial : best));
}
