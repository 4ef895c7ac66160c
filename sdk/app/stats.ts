import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionStats } from '../../shard/app/stats.ts';
import { errorOf } from '../errors.ts';
import type { Nodes } from '../node.ts';
import { requireOpen } from '../remote-function.ts';

/** What a function does on one node, or why that does not say. */
export type NodeStats =
  | ({ readonly url: string; readonly reachable: true } & FunctionStats)
  | { readonly url: string; readonly reachable: false; readonly error: Error };

/** What a function does on all nodes together, those that can't be reached left out, and on each. */
export interface CalledStats extends FunctionStats {
  readonly nodes: readonly NodeStats[];
}

const NONE: FunctionStats = {
  workers: 0,
  starting: 0,
  running: 0,
  waiting: 0,
  failures: 0,
  crashes: 0,
  recycled: 0,
};

/** Rejects with why the first node does not tell, if none does. */
export async function statsOn(nodes: Nodes, name: string): Promise<CalledStats> {
  requireOpen(nodes);
  const each = await Promise.all(
    nodes.nodes.map(async (node): Promise<NodeStats> => {
      const { url } = node;
      try {
        return { url, reachable: true, ...(await node.functionStats(name)) };
      } catch (error) {
        return { url, reachable: false, error: errorOf(error) };
      }
    }),
  );
  const [first] = each;
  if (first && !first.reachable && each.every(({ reachable }) => !reachable)) throw first.error;
  const sum = each.reduce((all, one) => (one.reachable ? added(all, one) : all), NONE);
  return { ...sum, nodes: each };
}

/** Rejects with the first refusal, by when other nodes may have heard. */
export async function scaleOn(nodes: Nodes, name: string, changes: Partial<Scaling>): Promise<void> {
  requireOpen(nodes);
  await Promise.all(nodes.nodes.map((node) => node.scaleFunction(name, changes)));
}

function added(all: FunctionStats, one: FunctionStats): FunctionStats {
  return {
    workers: all.workers + one.workers,
    starting: all.starting + one.starting,
    running: all.running + one.running,
    waiting: all.waiting + one.waiting,
    failures: all.failures + one.failures,
    crashes: all.crashes + one.crashes,
    recycled: all.recycled + one.recycled,
  };
}
