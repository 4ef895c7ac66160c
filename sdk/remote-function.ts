import { randomUUID } from 'node:crypto';
import type { Inputs, Lane, Lanes } from '../shard/contract.ts';
import { systemClock } from '../shard/clock.ts';
import { type PumpOptions, requireKnown, requireNumber, shown } from '../shard/options.ts';
import { pump } from '../shard/pump.ts';
import type { MapOptions, Outputs } from './contract.ts';
import { SdkError } from './errors.ts';
import type { Call, Node, Nodes } from './node.ts';
import { Reporter, type Display } from './progress/reporter.ts';
import { terminalDisplay } from './progress/terminal.ts';
import { requireKey, Resume } from './resume.ts';

export interface RemoteMapOptions<I, O, E extends boolean> {
  readonly options: Readonly<Record<string, unknown>>;
  readonly map: MapOptions<E>;
  /** Makes one lane of those to the nodes of now, which then are those of the whole map. Default: each batch goes to one. */
  readonly join?: (lanes: readonly Lane<I, O>[]) => Lane<I, O>;
  /** Nodes that join while the map runs take no part. Default: `false`. */
  readonly founders?: boolean;
}

const PROGRESS_INTERVAL = 100;

/** Those of `MapOptions`: the pump has others, which are not a caller's. */
const NAMES: ReadonlySet<string> = new Set<keyof MapOptions>([
  'ordered',
  'returnErrors',
  'key',
  'signal',
  'retries',
  'laneRetries',
  'hedge',
  'patience',
  'batchMilliseconds',
  'initialBatchSize',
  'maxBatchSize',
  'maxBatchBytes',
  'window',
  'windowBytes',
  'linger',
  'onProgress',
  'progress',
  'total',
]);

/** Maps a function that the nodes have over the inputs. */
export function remoteMap<I, O, E extends boolean>(
  nodes: Nodes,
  name: string,
  inputs: Inputs<I>,
  { options, map, join, founders = false }: RemoteMapOptions<I, O, E>,
): Outputs<O, E> {
  requireOpen(nodes);
  requireKnown(map, NAMES, 'map');
  const { onProgress, progress, total = countOf(inputs), signal, key, ...rest } = map;
  if (map.total !== undefined) requireNumber('total', map.total, { from: 0, whole: true });
  if (key !== undefined) requireKey(key);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new SdkError('OPTION_INVALID', `Expected signal to be an AbortSignal, got ${shown(signal)}`);
  }
  const call = { function: name, id: randomUUID(), options, ...(key !== undefined && { key }) };
  const lanes = lanesTo<I, O>(nodes, call, founders);
  const either = signal ? AbortSignal.any([signal, nodes.closed]) : nodes.closed;
  const joined = join ? [join(lanes.current)] : lanes;
  const resume = key === undefined ? undefined : new Resume(key, nodes.nodes);
  const run = (observed: Pick<PumpOptions, 'onProgress' | 'onEnd'>): Outputs<O, E> => {
    const outputs = pump(inputs, joined, { ...rest, ...resume?.options, ...observed, signal: either }) as Outputs<O, E>;
    return resume ? resume.before(outputs, either) : outputs;
  };
  const displays: Display[] = [];
  if (onProgress) displays.push({ interval: PROGRESS_INTERVAL, update: onProgress, finish: onProgress });
  if (progress) displays.push(terminalDisplay());
  if (displays.length === 0) return run({});
  const reporter = new Reporter(systemClock, total, displays);
  return run({ onProgress: reporter.count, onEnd: reporter.finish });
}

/** A lane to each node, for as long as the node is there. */
function lanesTo<I, O>(nodes: Nodes, call: Call, founders: boolean): Lanes<I, O> {
  const lanes = new Map<Node, Lane<I, O>>(nodes.nodes.map((node) => [node, node.lane(call)]));
  return {
    get current() {
      const present = founders ? nodes.nodes.filter((node) => lanes.has(node)) : nodes.nodes;
      return present.map((node) => lanes.get(node) ?? lanes.set(node, node.lane(call)).get(node)!);
    },
    subscribe: (changed) => nodes.subscribe(changed),
  };
}

/** Throws `DISPOSED` once the connection is closed. */
export function requireOpen({ closed }: Pick<Nodes, 'closed'>): void {
  if (closed.aborted) throw new SdkError('DISPOSED', 'The connection was closed; open another');
}

/** How many inputs there are, where that is known without reading them. */
export function countOf(inputs: unknown): number | undefined {
  if (Array.isArray(inputs)) return inputs.length;
  if (inputs instanceof Set || inputs instanceof Map) return inputs.size;
  return undefined;
}
