import type { CollectionInfo, Engine, Explanation, SearchSize } from '../core/contract.ts';
import { infoOf } from '../core/collection/shape.ts';
import { builtIns, Registry } from '../core/functions/registry.ts';
import { CoreError } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import type { Lane } from '../shard/contract.ts';
import type { NodeInfo } from '../sdk/contract.ts';
import { SdkError } from '../sdk/errors.ts';
import type { Call, Node, StreamStart } from '../sdk/node.ts';
import { EngineLane } from './lane.ts';

/** The engine of this process as a connection's only node. Owns the engine. */
export class EngineNode implements Node {
  readonly url = 'local';
  readonly calls = undefined;
  readonly volumes = undefined;
  readonly #engine: Engine;
  readonly #functions = new Registry(builtIns);

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  lane<I, O>(call: Call): Lane<I, O> {
    if (call.key !== undefined) throw noJournal();
    return new EngineLane<I, O>(this.#engine, this.#functions, call);
  }

  stream({ call }: StreamStart): AsyncIterable<never> {
    const { name } = this.#functions.get(call.function);
    throw new CoreError('OPTION_INVALID', `${name} is no generator; map it over its inputs`);
  }

  async taken(): Promise<void> {
    // Nothing runs that could go on.
  }

  async info(): Promise<NodeInfo> {
    const { device, model } = this.#engine;
    return { version: packageVersion(), device, model, functions: this.#functions.names, draining: false };
  }

  async functionStats(name: string): Promise<never> {
    throw this.#withoutWorkers(name);
  }

  async scaleFunction(name: string): Promise<never> {
    throw this.#withoutWorkers(name);
  }

  async collections(): Promise<readonly CollectionInfo[]> {
    return this.#engine.collections().map(infoOf);
  }

  async explain(collection: string, size: Required<SearchSize>): Promise<Explanation> {
    return this.#engine.existingCollection(collection).explain(size);
  }

  async collectionSize(name: string): Promise<number> {
    return this.#engine.collections().find((each) => each.name === name)?.size ?? 0;
  }

  /** The only node of its connection never leaves it. */
  async retire(): Promise<void> {}

  async dropCollection(name: string): Promise<void> {
    await this.#engine.drop(name);
  }

  async journaled(): Promise<never> {
    throw noJournal();
  }

  async forget(): Promise<never> {
    throw noJournal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  #withoutWorkers(name: string): CoreError {
    const { name: known } = this.#functions.get(name);
    return new CoreError('OPTION_INVALID', `${known} is built in and has no workers`);
  }
}

function noJournal(): SdkError {
  return new SdkError('OPTION_INVALID', 'An engine in this process keeps no journal; map with a key through connect()');
}
