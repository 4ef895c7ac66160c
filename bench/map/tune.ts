/** The search for a peer's best batch size. */
import type { FunctionName, MapPeer } from './peer.ts';

export interface Trial {
  readonly size: number;
  /** Inputs a second. */
  readonly rate: number;
}

/** Batches of one trial, so that all workers have some at once and the first of them doesn't decide. */
const LEAST_BATCHES = 16;
/** And at most so many: a task for each input is slow. */
const MOST_BATCHES = 2000;

/** Milliseconds after which a run is long enough to be counted, although it is the first. */
const LONG = 1000;

/** Times each of a peer's sizes on no more than `count` inputs. */
export async function trials(
  peer: MapPeer,
  name: FunctionName,
  count: number,
  now: () => number = () => performance.now(),
): Promise<Trial[]> {
  const results: Trial[] = [];
  const sizes = peer.sizes[name].filter((each) => each <= count / 2);
  // Whatever starts at the first use is not counted against the first size.
  await peer.run(name, count / 10, sizes.at(-1) ?? 1);
  for (const size of sizes) {
    const inputs = Math.min(count, MOST_BATCHES * size, Math.max(count / 10, LEAST_BATCHES * size));
    const timed = async (): Promise<number> => {
      const start = now();
      await peer.run(name, inputs, size);
      return now() - start;
    };
    const first = await timed();
    const milliseconds = first > LONG ? first : await timed();
    results.push({ size, rate: inputs / (milliseconds / 1000) });
  }
  return results;
}

export function fastest(results: readonly Trial[]): Trial {
  return results.reduce((best, trial) => (trial.rate > best.rate ? trial : best));
}
