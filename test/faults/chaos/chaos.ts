import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { seeded } from '../../../bench/harness/random.ts';
import type { CalledFunction } from '../../../sdk/app/called.ts';
import { InputError } from '../../../shard/errors.ts';
import { Fleet } from '../fixtures/fleet.ts';
import { batched, single } from './app.ts';
import { decide, type Output, RETRIES } from './decide.ts';
import { Troubles } from './troubles.ts';

const NODES = 3;
const CLIENTS = 2;
/** Inputs between two troubles. */
const PEACE = 60;
const WINDOW = 700;
/** Milliseconds without any output after which a map counts as stuck. */
const STUCK = 60_000;

export interface ChaosOptions {
  readonly seed: number;
  /** Inputs of each map; there are four for each of two clients. */
  readonly inputs: number;
}

export interface Report {
  readonly seed: number;
  readonly inputs: number;
  readonly failures: number;
  /** Runs of the functions, those that were in vain included. */
  readonly runs: number;
  /** Milliseconds that the longest of all waits for an output took. */
  readonly longestWait: number;
  /** Milliseconds that the slowest node took to end when it was asked to. */
  readonly slowestEnd: number;
  readonly troubles: Readonly<Record<string, number>>;
}

/**
 * Three nodes in processes of their own, behind proxies; two clients, each with four maps one after the other, of both
 * kinds of function, in order and not; and all the while troubles, by the seed. Throws if any map yields anything but
 * what decide.ts says, each output once and in its order; if more is read ahead than the window allows; or if a node
 * has a batch left. That no process and no connection is left, who calls sees by whether this returns.
 */
export async function chaos({ seed, inputs }: ChaosOptions): Promise<Report> {
  await using fleet = await Fleet.start({
    nodes: NODES,
    app: fileURLToPath(new URL('./app.ts', import.meta.url)),
    args: ['--limit', 'batchesInFlight=6', '--limit', 'replayMs=2000'],
    env: { WARPMAP_CHAOS_SEED: String(seed) },
  });
  const random = seeded(seed);
  const troubles = new Troubles(fleet, random);
  let failures = 0;
  let longestWait = 0;
  const client = async (number: number): Promise<void> => {
    await using warp = await fleet.connect({ silence: 1500 });
    for (const [turn, handle] of [single, batched, batched, single].entries()) {
      const map = { seed, first: (number * 4 + turn) * inputs, count: inputs, ordered: turn % 2 === number };
      const seen = await check(warp.function(handle), map, () => troubles.commit(warp));
      failures += seen.failures;
      longestWait = Math.max(longestWait, seen.longestWait);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  const runs = fleet.record.counts('run');
  await troubles.calm();
  await fleet.quiet();
  return {
    seed,
    inputs: inputs * 4 * CLIENTS,
    failures,
    runs: runs.values().reduce((sum, times) => sum + times, 0),
    longestWait,
    slowestEnd: troubles.slowestEnd,
    troubles: troubles.counts,
  };
}

interface CheckedMap {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly ordered: boolean;
}

/** Runs one map, compares all that it yields with the model, and tells how it went. */
async function check(
  called: CalledFunction<[number], Output>,
  { seed, first, count, ordered }: CheckedMap,
  trouble: () => void,
): Promise<Pick<Report, 'failures' | 'longestWait'>> {
  let read = 0;
  let taken = 0;
  let failures = 0;
  let longestWait = 0;
  let last = performance.now();
  function* values(): Generator<number> {
    for (; read < count;) {
      assert.ok(read - taken <= WINDOW, `${read} inputs were read while ${taken} outputs were taken`);
      yield first + read++;
    }
  }
  const stuck = new AbortController();
  const timer = setTimeout(() => stuck.abort(new Error(`Nothing came for ${STUCK} ms after ${taken} outputs`)), STUCK);
  const seen = new Set<number>();
  const outputs = called.map(values(), {
    ordered,
    returnErrors: true,
    window: WINDOW,
    maxBatchSize: 64,
    signal: stuck.signal,
    // Being out of hope is not what is tested here.
    laneRetries: { maxRetries: 1000, initialDelay: 20, maxDelay: 200 },
  });
  try {
    for await (const output of outputs) {
      timer.refresh();
      longestWait = Math.max(longestWait, performance.now() - last);
      last = performance.now();
      const index = (output instanceof InputError ? output.index + first : output.value) - first;
      assert.ok(!seen.has(index), `output ${index} came twice`);
      if (ordered) assert.equal(index, taken);
      seen.add(index);
      const expected = decide(seed, first + index);
      if (output instanceof InputError) {
        failures++;
        assert.ok(expected.failures > RETRIES, `input ${index} should not have failed: ${output.message}`);
        assert.equal(output.code, 'FUNCTION_FAILED');
        assert.equal(output.attempts, RETRIES + 1);
      } else {
        assert.ok(expected.failures <= RETRIES, `input ${index} should have failed`);
        assert.deepEqual(output, expected.output);
      }
      if (++taken % PEACE === 0) trouble();
    }
  } finally {
    clearTimeout(timer);
  }
  assert.equal(seen.size, count);
  return { failures, longestWait };
}
