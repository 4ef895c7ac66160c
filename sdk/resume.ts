import { homes } from '../shard/homes.ts';
import type { Home, PumpOptions } from '../shard/options.ts';
import { NodeError, SdkError } from './errors.ts';
import type { Node } from './node.ts';

const MAX_KEY_LENGTH = 128;

/** Throws `OPTION_INVALID`. */
export function requireKey(key: unknown): void {
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_LENGTH && key.isWellFormed()) return;
  const got =
    typeof key !== 'string' ? typeof key : key.isWellFormed() ? `one of ${key.length}` : 'one with half a character';
  throw new SdkError('OPTION_INVALID', `Expected key to be a string of 1 to ${MAX_KEY_LENGTH} characters, got ${got}`);
}

/** A map that continues an earlier one: its inputs go to the nodes that have their outputs. */
export class Resume {
  readonly #key: string;
  readonly #nodes: readonly Node[];
  #homeOf: (index: number) => Home | undefined = () => undefined;

  constructor(key: string, nodes: readonly Node[]) {
    this.#key = key;
    this.#nodes = nodes;
  }

  /** Of the pump. */
  get options(): Pick<PumpOptions, 'homeOf'> {
    return { homeOf: (index) => this.#homeOf(index) };
  }

  /** Asks each node once what it has, before the first input is read. */
  async *before<T>(outputs: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const lanes = this.#nodes.map(async (node) => ({ lane: node.url, ranges: await this.#rangesOn(node, signal) }));
    this.#homeOf = homes(await Promise.all(lanes));
    yield* outputs;
  }

  /** A node that is not there has nothing: what it had is run again by others. */
  async #rangesOn(node: Node, signal: AbortSignal): Promise<readonly number[]> {
    try {
      return await node.journaled(this.#key, signal);
    } catch (error) {
      if (error instanceof NodeError || signal.aborted) throw error;
      return [];
    }
  }
}
