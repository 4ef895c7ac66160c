import { randomUUID } from 'node:crypto';
import type { Inputs, Lane } from '../shard/contract.ts';
import { systemClock } from '../shard/clock.ts';
import { requireNumber } from '../shard/options.ts';
import { pump } from '../shard/pump.ts';
import type { MapOptions, Outputs } from './contract.ts';
import { SdkError } from './errors.ts';
import type { Nodes } from './node.ts';
import { Reporter, type Display } from './progress/reporter.ts';
import { terminalDisplay } from './progress/terminal.ts';

export interface RemoteMapOptions<I, O, E extends boolean> {
  readonly options: Readonly<Record<string, unknown>>;
  readonly map: MapOptions<E>;
  /** Makes one lane of those to each node; default: all of them, each batch to one. */
  readonly join?: (lanes: readonly Lane<I, O>[]) => readonly Lane<I, O>[];
}

const PROGRESS_INTERVAL = 100;

/** Maps a function that the nodes have over the inputs. */
export function remoteMap<I, O, E extends boolean>(
  { nodes, closed }: Nodes,
  name: string,
  inputs: Inputs<I>,
  { options, map, join = (lanes) => lanes }: RemoteMapOptions<I, O, E>,
): Outputs<O, E> {
  requireOpen({ closed });
  const { onProgress, progress, total = countOf(inputs), signal, ...rest } = map;
  if (map.total !== undefined) requireNumber('total', map.total, { from: 0, whole: true });
  const call = { function: name, id: randomUUID(), options };
  const lanes = join(nodes.map((node) => node.lane<I, O>(call)));
  const either = signal ? AbortSignal.any([signal, closed]) : closed;
  const displays: Display[] = [];
  if (onProgress) displays.push({ interval: PROGRESS_INTERVAL, update: onProgress, finish: onProgress });
  if (progress) displays.push(terminalDisplay());
  if (displays.length === 0) return pump(inputs, lanes, { ...rest, signal: either }) as Outputs<O, E>;
  const reporter = new Reporter(systemClock, total, displays);
  const outputs = pump(inputs, lanes, { ...rest, signal: either, onProgress: reporter.count });
  return reported(outputs as Outputs<O, E>, reporter);
}

async function* reported<T>(outputs: AsyncGenerator<T>, reporter: Reporter): AsyncGenerator<T, void, undefined> {
  using _ = reporter;
  yield* outputs;
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
