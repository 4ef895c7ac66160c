import type { AppDefinition, ClassDefinition, FunctionDefinition } from '../../../shard/app/definition.ts';

/** What one pool of workers runs: a function, or a class with its state in this worker. */
export class Unit {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  readonly #class: ClassDefinition | undefined;
  #state: readonly unknown[] = [];
  #entered = false;

  constructor(functions: readonly FunctionDefinition[], cls: ClassDefinition | undefined) {
    this.functions = new Map(functions.map((each) => [each.name, each]));
    this.#class = cls;
  }

  /** Runs at once, over all its functions. */
  get concurrency(): number {
    return this.functions.values().next().value?.options.concurrency ?? 1;
  }

  /** What its handlers take before their arguments. */
  get state(): readonly unknown[] {
    return this.#state;
  }

  /** Whether there is something to put away at the end. */
  get exits(): boolean {
    return this.#entered && this.#class?.exit !== undefined;
  }

  /** Makes the state. Throws what `enter` throws. */
  async enter(): Promise<void> {
    if (!this.#class) return;
    this.#state = [await this.#class.enter()];
    this.#entered = true;
  }

  /** Puts the state away, once. Throws what `exit` throws. */
  async exit(): Promise<void> {
    if (!this.exits) return;
    this.#entered = false;
    await this.#class?.exit?.(this.#state[0]);
  }
}

/** The units of an app, by the names of their workers. */
export function unitsOf({ functions, classes }: AppDefinition): ReadonlyMap<string, Unit> {
  const members = Map.groupBy(functions.values(), ({ workers }) => workers);
  return new Map(Array.from(members, ([name, each]) => [name, new Unit(each, classes.get(name))]));
}
