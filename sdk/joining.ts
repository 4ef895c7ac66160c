import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeInfo } from './contract.ts';
import { NodeError, SdkError } from './errors.ts';
import type { Node } from './node.ts';

type Known = readonly [node: Node, info: NodeInfo];

const READY_INTERVAL = 250;

/** Makes nodes part of a connection once they are ready, and if they have its model. */
export class Joining {
  readonly #make: (url: string) => Node;
  readonly #timeout: number;
  #first: Known | undefined;

  /** `timeout` is how long a node may take to load its model, in milliseconds. */
  constructor(make: (url: string) => Node, timeout: number) {
    this.#make = make;
    this.#timeout = timeout;
  }

  /**
   * The nodes to begin with: all those that are `required`, and of the others those that are up, or one. Throws
   * `NODE_UNREACHABLE` or `NODES_DIFFER`, and a `NodeError` if a node refuses.
   */
  async begin(required: readonly string[], others: readonly string[]): Promise<[Node, ...Node[]]> {
    await using all = new AsyncDisposableStack();
    const make = (url: string): Node => all.use(this.#make(url));
    const [named, found] = [required.map(make), others.map(make)];
    const known = await Promise.all(named.map((node) => this.#ready(node)));
    if (found.length > 0) known.push(...(await this.#readyOf(found)));
    const [first, ...rest] = known;
    this.#first = first!;
    for (const other of rest) this.#requireModel(other);
    all.move();
    // Those that are not up are made anew when they are.
    await Promise.all(found.filter((node) => !known.some(([each]) => each === node)).map(dispose));
    return [first![0], ...rest.map(([node]) => node)];
  }

  /** The model of the first node, which all must have, since vectors of different models can't be compared. */
  get model(): NodeInfo['model'] {
    return this.#first![1].model;
  }

  /** The node at an address, once it is ready. Throws as `begin` does, and with the signal's reason. */
  async join(url: string, signal: AbortSignal): Promise<Node> {
    await using all = new AsyncDisposableStack();
    const node = all.use(this.#make(url));
    const onAbort = (): void => void dispose(node);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#requireModel(await this.#ready(node, signal));
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    all.move();
    return node;
  }

  /** The node and what it says of itself, once it has loaded its model. */
  async #ready(node: Node, signal?: AbortSignal): Promise<Known> {
    const deadline = performance.now() + this.#timeout;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return [node, await node.info()];
      } catch (error) {
        if (!(error instanceof NodeError)) throw unreachable(node.url, error);
        if (error.code !== 'NODE_NOT_READY' || performance.now() >= deadline) throw error;
      }
      await sleep(READY_INTERVAL, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }

  /** Those of the nodes that are ready; if none is yet, the first to be. */
  async #readyOf(nodes: readonly Node[]): Promise<Known[]> {
    const known = await Promise.allSettled(nodes.map(async (node): Promise<Known> => [node, await node.info()]));
    const up = known.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
    if (up.length > 0) return up;
    try {
      return [await Promise.any(nodes.map((node) => this.#ready(node)))];
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  #requireModel([node, { model }]: Known): void {
    const [first, { model: expected }] = this.#first!;
    if (model.name === expected.name && model.dims === expected.dims) return;
    throw new SdkError(
      'NODES_DIFFER',
      `Expected all nodes to have one model, but ${first.url} has ${expected.name} and ` +
        `${node.url} has ${model.name}; connect to those with the same model`,
    );
  }
}

async function dispose(node: Node): Promise<void> {
  await node[Symbol.asyncDispose]();
}

function unreachable(url: string, cause: unknown): SdkError {
  // What the address said, without the address.
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(`${url} `, '');
  return new SdkError(
    'NODE_UNREACHABLE',
    `No shard server answers at ${url} (${reason}). ` +
      'See that `warpmap serve` runs there and that this machine can reach its port, or leave out nodes to start one here',
    { cause },
  );
}
