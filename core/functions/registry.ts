import { CoreError } from '../errors.ts';
import type { HostedFunction } from './contract.ts';
import { embed } from './embed.ts';
import { remove } from './remove.ts';
import { similarity } from './similarity.ts';
import { topK } from './topK.ts';
import { upsert } from './upsert.ts';

/** The functions that every node has. */
export const builtIns: readonly HostedFunction[] = [embed, similarity, topK, upsert, remove];

/** The functions of one node, by name. */
export class Registry<Each extends { readonly name: string } = HostedFunction> {
  readonly #functions: ReadonlyMap<string, Each>;

  constructor(functions: Iterable<Each>) {
    this.#functions = new Map([...functions].map((each) => [each.name, each]));
  }

  get names(): string[] {
    return [...this.#functions.keys()];
  }

  get all(): Each[] {
    return [...this.#functions.values()];
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Throws `FUNCTION_NOT_FOUND`. */
  get(name: string): Each {
    const found = this.#functions.get(name);
    if (found) return found;
    throw new CoreError(
      'FUNCTION_NOT_FOUND',
      `This node has no function ${JSON.stringify(name.slice(0, 100))}; it has ${this.names.join(', ')}`,
    );
  }
}
