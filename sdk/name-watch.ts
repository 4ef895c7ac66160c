import { lookup } from 'node:dns/promises';
import { type NodeName, urlAt } from './addresses.ts';
import { SdkError } from './errors.ts';

/** The IP addresses of a name. Rejects, or gives none, if the name is not known. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface NameWatchOptions {
  readonly names: readonly NodeName[];
  readonly resolve: Resolve;
  /** Makes the node at an address one of the connection. Rejects if it can't be reached, and is asked again later. */
  readonly join: (url: string) => Promise<void>;
  /** Lets the node at an address go, if it is one of the connection. */
  readonly leave: (url: string) => Promise<void>;
  /** Runs `callback` once after `milliseconds`; call the result to prevent it. */
  readonly after?: (milliseconds: number, callback: () => void) => () => void;
}

const INTERVAL = 5_000;

/** As the system resolves names, `/etc/hosts` included. */
export const systemResolve: Resolve = async (name) => {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
};

/** The addresses of all names. Throws `NODE_UNREACHABLE` for a name that has none. */
export async function lookUp(names: readonly NodeName[], resolve: Resolve): Promise<string[]> {
  const found = await Promise.all(
    names.map(async ({ name, port }) => {
      let cause: unknown;
      try {
        const addresses = await resolve(name);
        if (addresses.length > 0) return addresses.map((address) => urlAt(address, port));
      } catch (error) {
        cause = error;
      }
      const reason = cause instanceof Error ? cause.message : 'it has no address';
      throw new SdkError('NODE_UNREACHABLE', `The name ${name} can't be resolved (${reason}); expected that of nodes`, {
        cause,
      });
    }),
  );
  return [...new Set(found.flat())];
}

/** Looks names up every few seconds: nodes at new addresses join, those at addresses that are gone leave. */
export class NameWatch implements Disposable {
  readonly #options: NameWatchOptions;
  readonly #after: (milliseconds: number, callback: () => void) => () => void;
  readonly #joining = new Set<string>();
  /** What each name had when it was last looked up. */
  readonly #latest = new Map<NodeName, readonly string[]>();
  /** The addresses that names had. */
  #known: ReadonlySet<string>;
  #stop: (() => void) | undefined;
  #closed = false;

  /** `known` are the addresses that were found before; those among them that have not joined are asked again. */
  constructor(known: readonly string[], options: NameWatchOptions) {
    this.#known = new Set(known);
    this.#options = options;
    this.#after = options.after ?? unheld;
    this.#wait();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#stop?.();
  }

  #wait(): void {
    this.#stop = this.#after(INTERVAL, () => void this.#look());
  }

  async #look(): Promise<void> {
    const found = await Promise.all(this.#options.names.map((name) => this.#addressesOf(name)));
    if (this.#closed) return;
    const now = new Set(found.flat());
    for (const url of this.#known) if (!now.has(url)) void this.#leave(url);
    this.#known = now;
    for (const url of now) void this.#join(url);
    this.#wait();
  }

  /** A resolver that is down, and a name that is gone, say nothing about the nodes: what was known is kept. */
  async #addressesOf(name: NodeName): Promise<readonly string[]> {
    try {
      const found = await lookUp([name], this.#options.resolve);
      this.#latest.set(name, found);
      return found;
    } catch {
      return this.#latest.get(name) ?? [...this.#known];
    }
  }

  async #leave(url: string): Promise<void> {
    // It may never have joined.
    await this.#options.leave(url).catch(() => {});
  }

  async #join(url: string): Promise<void> {
    if (this.#joining.has(url)) return;
    this.#joining.add(url);
    try {
      await this.#options.join(url);
      if (!this.#known.has(url)) await this.#leave(url);
    } catch {
      // Not up, or not one of ours yet: asked again next time.
    } finally {
      this.#joining.delete(url);
    }
  }
}

/** A timer that keeps no program from ending. */
function unheld(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds).unref();
  return () => clearTimeout(timer);
}
