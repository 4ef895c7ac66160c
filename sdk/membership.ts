import { SdkError } from './errors.ts';
import type { Node, Nodes } from './node.ts';

/** The nodes of a connection, which owns them: they may come and go while maps run. */
export class Membership implements Nodes, AsyncDisposable {
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new Set<Node>();
  #nodes: readonly Node[];

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  find(url: string): Node | undefined {
    return this.#nodes.find((node) => node.url === url);
  }

  subscribe(changed: () => void): () => void {
    // One function may be subscribed more than once.
    const listener = (): void => changed();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(node: Node): void {
    this.#set([...this.#nodes, node]);
  }

  /** Gives the node nothing more, waits for what it has, and closes its connections. */
  async remove(node: Node): Promise<void> {
    this.#leaving.add(node);
    this.#set(this.#nodes.filter((each) => each !== node));
    await node.retire();
    this.#leaving.delete(node);
    await node[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new SdkError('DISPOSED', 'The connection was closed'));
    const all = [...this.#nodes, ...this.#leaving];
    await Promise.all(all.map((node) => node[Symbol.asyncDispose]()));
  }

  #set(nodes: readonly Node[]): void {
    this.#nodes = nodes;
    for (const changed of this.#listeners) changed();
  }
}
