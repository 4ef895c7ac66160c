import { setTimeout as sleep } from 'node:timers/promises';
import { ShardError } from '../../shard/errors.ts';
import { LANE_RETRIES, retryDelay } from '../../shard/retry.ts';
import { NodeError } from '../errors.ts';
import type { Node, Nodes } from '../node.ts';
import { requireOpen } from '../remote-function.ts';
import type { NodeVolumes } from '../volume/node-volumes.ts';
import type { NodeCalls } from './node-calls.ts';
import { Stores } from './stores.ts';

/** Milliseconds for which nodes that are busy are waited for, while none takes anything. */
const PATIENCE = 300_000;

export type Ask<T> = (calls: NodeCalls, signal: AbortSignal) => Promise<T>;

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** How often each node may be lost. Default: 8, about 45 s. */
  readonly maxLosses?: number;
}

/** What became of a node while one thing was asked. */
interface Standing {
  losses: number;
  /** When it may be asked again, by `performance.now()`. */
  next: number;
}

/** Asks for durable calls whichever node of a connection answers. */
export class CallNodes {
  readonly closed: AbortSignal;
  /** Told of the id of each call that is begun, before its inputs are uploaded. */
  onBegin: ((id: string) => void) | undefined;
  readonly #nodes: Nodes;
  readonly #stores: Stores;
  /** The node that answered last. */
  #preferred: Node | undefined;

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
    this.#stores = new Stores(nodes);
    this.closed = nodes.closed;
  }

  /** Throws `DISPOSED`, `NO_STORE` or `STORES_DIFFER`. */
  async require(signal?: AbortSignal): Promise<void> {
    requireOpen(this.#nodes);
    await this.#stores.requireOne(this.#either(signal));
  }

  /**
   * Asks nodes until one answers: one that is lost is left for another, one that is busy is waited for where no other is
   * free. Throws what a node refuses for good, `LANES_EXHAUSTED` once each was lost more often than `maxLosses`, and the
   * signal's reason.
   */
  ask<T>(ask: Ask<T>, options: AskOptions = {}): Promise<T> {
    return this.#each(async (node, signal) => ask(await this.#stores.callsOn(node, signal), signal), options);
  }

  /** The same of volumes, which nodes with one store have in common. */
  askVolumes<T>(ask: (volumes: NodeVolumes) => Promise<T>, options: AskOptions = {}): Promise<T> {
    return this.#each(async (node, signal) => {
      await this.#stores.callsOn(node, signal);
      return ask(node.volumes!(signal));
    }, options);
  }

  async #each<T>(
    ask: (node: Node, signal: AbortSignal) => Promise<T>,
    { signal: given, maxLosses = LANE_RETRIES.maxRetries }: AskOptions,
  ): Promise<T> {
    requireOpen(this.#nodes);
    const signal = this.#either(given);
    const standings = new Map<Node, Standing>();
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      signal.throwIfAborted();
      const node = this.#choose(standings);
      try {
        const answer = await ask(node, signal);
        this.#preferred = node;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        const standing = standings.get(node) ?? { losses: 0, next: 0 };
        standings.set(node, standing);
        if (error.code !== 'LANE_BUSY') standing.losses++;
        const delay = retryDelay(LANE_RETRIES, Math.max(1, standing.losses), Math.random);
        standing.next = performance.now() + Math.max(error.retryAfter ?? 0, delay);
        if (this.#hopeless(standings, maxLosses) || performance.now() > deadline) throw exhausted(standings, error);
      }
      const wait = this.#wait(standings);
      // What the signal says is told above.
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.closed]) : this.closed;
  }

  /** The node that may be asked soonest: before others the one that answered last, and then those that have answered. */
  #choose(standings: ReadonlyMap<Node, Standing>): Node {
    const { nodes } = this.#nodes;
    const next = (node: Node): number => {
      const fresh = node === this.#preferred ? -2 : this.#stores.knows(node) ? -1 : 0;
      return standings.get(node)?.next ?? fresh;
    };
    const [first] = nodes.toSorted((a, b) => next(a) - next(b));
    if (first) return first;
    throw new ShardError('LANES_EXHAUSTED', 'The connection has no node left to ask; add one');
  }

  #wait(standings: ReadonlyMap<Node, Standing>): number {
    const nexts = this.#nodes.nodes.map((node) => standings.get(node)?.next ?? 0);
    return Math.min(...nexts) - performance.now();
  }

  #hopeless(standings: ReadonlyMap<Node, Standing>, maxLosses: number): boolean {
    return this.#nodes.nodes.every((node) => (standings.get(node)?.losses ?? 0) > maxLosses);
  }
}

const known = new WeakMap<Nodes, CallNodes>();

/** Those of a connection. */
export function callNodesOf(nodes: Nodes): CallNodes {
  const found = known.get(nodes);
  if (found) return found;
  const made = new CallNodes(nodes);
  known.set(nodes, made);
  return made;
}

function isPassing(error: unknown): error is ShardError {
  return error instanceof ShardError && PASSING.has(error.code);
}

const PASSING: ReadonlySet<string> = new Set(['LANE_LOST', 'LANE_BUSY', 'LANE_FAULTY', 'FRAME_INVALID']);

function exhausted(standings: ReadonlyMap<Node, Standing>, cause: ShardError): Error {
  // A node's own word says more than that it was asked often.
  if (cause.cause instanceof NodeError) return cause.cause;
  const losses = [...standings].map(([node, standing]) => `${node.url} ${standing.losses} times`).join(', ');
  const message = `No node answers; lost were ${losses}. At last: ${cause.message}`;
  return new ShardError('LANES_EXHAUSTED', message, { cause });
}
