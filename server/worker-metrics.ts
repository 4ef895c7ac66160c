import { Counter, Gauge, type Registry } from 'prom-client';
import type { HostedWorkers } from '../core/functions/workers.ts';
import type { FunctionStats } from '../shard/app/stats.ts';

export interface Worked {
  readonly name: string;
  readonly workers?: HostedWorkers;
}

/** Gauges and counters of the workers of an app's functions, read when they are asked for. */
export function workerMetrics(functions: { readonly all: readonly Worked[] }, registry: Registry): void {
  /** By the first function that they run: those of a class share theirs. Of several versions of one, one after the other. */
  function each(add: (name: string, stats: FunctionStats) => void): void {
    const seen = new Set<HostedWorkers>();
    for (const { name, workers } of functions.all) {
      if (!workers || seen.has(workers)) continue;
      seen.add(workers);
      add(name, workers.stats);
    }
  }
  function gauge(
    name: string,
    help: string,
    states: readonly ('workers' | 'starting' | 'running' | 'waiting')[],
  ): void {
    new Gauge({
      name: `warpmap_${name}`,
      help,
      labelNames: ['function', 'state'],
      registers: [registry],
      collect() {
        this.reset();
        each((of, stats) => {
          for (const state of states)
            this.inc({ function: of, state: state === 'workers' ? 'ready' : state }, stats[state]);
        });
      },
    });
  }
  function counter(name: string, help: string, read: (stats: FunctionStats) => number): void {
    new Counter({
      name: `warpmap_${name}_total`,
      help,
      labelNames: ['function'],
      registers: [registry],
      collect() {
        this.reset();
        each((of, stats) => this.inc({ function: of }, read(stats)));
      },
    });
  }

  gauge('workers', 'Worker processes, by state', ['workers', 'starting']);
  gauge('worker_inputs', 'Inputs of functions that have workers, by where they are', ['running', 'waiting']);
  counter('worker_crashes', 'Workers that ended unasked', ({ crashes }) => crashes);
  counter('workers_recycled', 'Workers replaced for what they had used up', ({ recycled }) => recycled);
}
