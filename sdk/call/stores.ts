import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeInfo } from '../contract.ts';
import { NodeError, SdkError } from '../errors.ts';
import type { Node, Nodes } from '../node.ts';
import { faultOf } from '../transport/fault.ts';
import type { NodeCalls } from './node-calls.ts';

type Store = NonNullable<NodeInfo['store']>;

/** Milliseconds for which all nodes are waited for, lest one that does not answer hold up others; opening a store takes a while. */
const PATIENCE = 10_000;

/** Sees to it that all nodes of a connection that keep calls keep the same ones: any of them may be asked for any call. */
export class Stores {
  readonly #nodes: Nodes;
  readonly #known = new WeakMap<Node, Store>();
  readonly #asked = new WeakMap<Node, Promise<Store | undefined>>();

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
  }

  /** Throws `STORES_DIFFER` or `NO_STORE`. Nodes that do not answer now are compared when they are turned to. */
  async requireOne(signal: AbortSignal): Promise<void> {
    // Those that were asked before and have not answered yet are not waited for again.
    const nodes = this.#nodes.nodes.filter((node) => !this.#asked.has(node));
    const checks = nodes.map((node) => this.callsOn(node, signal).catch(onlyDifferent));
    const over = new AbortController();
    const patience = sleep(PATIENCE, undefined, { signal: AbortSignal.any([over.signal, signal]) }).catch(() => {});
    try {
      await Promise.race([Promise.all(checks), patience]);
    } finally {
      over.abort();
    }
    signal.throwIfAborted();
  }

  /** Whether a node has answered before. */
  knows(node: Node): boolean {
    return this.#known.has(node);
  }

  /** Durable calls on a node. Throws `NO_STORE`, `STORES_DIFFER`, and what the node says that can't be asked. */
  async callsOn(node: Node, signal: AbortSignal): Promise<NodeCalls> {
    if (!node.calls) throw noStore();
    const store = this.#known.get(node) ?? (await unlessAborted(this.#storeOf(node, node.calls), signal));
    for (const other of this.#nodes.nodes) {
      const known = other === node ? undefined : this.#known.get(other);
      if (store && known && known.id !== store.id) throw differ(node, store, other, known);
    }
    return node.calls;
  }

  /** Asks a node once at a time; again if it did not answer. */
  async #storeOf(node: Node, calls: NodeCalls): Promise<Store | undefined> {
    let asked = this.#asked.get(node);
    if (!asked) {
      asked = storeOn(node, calls, this.#nodes.closed).finally(() => this.#asked.delete(node));
      this.#asked.set(node, asked);
    }
    const store = await asked;
    if (store) this.#known.set(node, store);
    return store;
  }
}

/** A node opens its store when it is first asked for a call. */
async function storeOn(node: Node, calls: NodeCalls, signal: AbortSignal): Promise<Store | undefined> {
  const { store } = await infoOf(node);
  if (store) return store;
  await calls.list({ limit: 1 }, { signal });
  return (await infoOf(node)).store;
}

/** What others wait for too, for as long as the signal lets. */
async function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([shared, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // One that nobody waits for any more may fail unheard.
    shared.catch(() => {});
  }
}

async function infoOf(node: Node): Promise<NodeInfo> {
  try {
    return await node.info();
  } catch (error) {
    // That it is not ready, or leaves, may pass.
    throw error instanceof NodeError ? faultOf(node.url, error) : error;
  }
}

function onlyDifferent(error: unknown): void {
  if (error instanceof SdkError && (error.code === 'STORES_DIFFER' || error.code === 'NO_STORE')) throw error;
}

function noStore(): SdkError {
  return new SdkError(
    'NO_STORE',
    'An engine in this process keeps no calls and no volumes: use connect(), which starts a server that does, or map',
  );
}

function differ(node: Node, store: Store, other: Node, known: Store): SdkError {
  return new SdkError(
    'STORES_DIFFER',
    `Expected all nodes to keep calls in one store, but that of ${other.url} is ${known.kind} ${known.id} and that of ` +
      `${node.url} is ${store.kind} ${store.id}: start them with the same --store, or connect to one of them`,
  );
}
