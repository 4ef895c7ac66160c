import { randomUUID } from 'node:crypto';
import PQueue from 'p-queue';
import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { readObjectWhole } from '../objects/whole.ts';
import { looksLikeReference, readReference, writeReference } from './body-reference.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes above which a block is an object. */
const ROW_BYTES = 1024 * 1024;

/** Objects that are read or written at once. */
const AT_ONCE = 4;

const PREFIX = 'bodies';

export interface BodiesOptions {
  readonly objects: Objects;
  /** Id of the store that refers to them. */
  readonly store: string;
  /** Bytes above which a block is an object. Default: 1 MiB. */
  readonly rowBytes?: number | undefined;
}

/**
 * Blocks as objects, under `bodies/STORE/CALL/`: each has a name of its own, so that what is removed is never what another
 * has just written.
 */
export class Bodies {
  readonly #objects: Objects;
  readonly #store: string;
  readonly #rowBytes: number;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });

  constructor({ objects, store, rowBytes = ROW_BYTES }: BodiesOptions) {
    this.#objects = objects;
    this.#store = store;
    this.#rowBytes = rowBytes;
  }

  /** What the database is to keep of the block: itself, or a reference to an object that is durable by now. */
  async put(call: string, block: Bytes): Promise<Bytes> {
    if (block.length <= this.#rowBytes && !looksLikeReference(block)) return block;
    const key = `${this.#prefix(call)}${randomUUID()}`;
    await this.#queue.add(() => attempt(() => this.#objects.write(key, block)));
    return writeReference({ key, bytes: block.length });
  }

  /** The block of which the database has kept this; undefined if the object is gone. */
  async get(kept: Bytes): Promise<Bytes | undefined> {
    const reference = readReference(kept);
    if (!reference) return kept;
    return this.#queue.add(() => attempt(() => readObjectWhole(this.#objects, reference.key)));
  }

  /** Removes objects to which nothing refers, if they are any. */
  async drop(kept: readonly Bytes[]): Promise<void> {
    await this.#remove(kept.flatMap((each) => readReference(each)?.key ?? []));
  }

  /** Removes the objects of a call, unless there is one of that id again. */
  async remove(call: string, exists: () => Promise<boolean>): Promise<void> {
    const keys = await this.#list(this.#prefix(call));
    // Asked after the list was made: what a call writes that begins now is not in it.
    if (keys.length > 0 && !(await exists())) await this.#remove(keys);
  }

  /** The calls that have objects. */
  async calls(): Promise<Set<string>> {
    const prefix = `${PREFIX}/${this.#store}/`;
    return new Set((await this.#list(prefix)).map((key) => key.slice(prefix.length).split('/', 1)[0]!));
  }

  #list(prefix: string): Promise<string[]> {
    return attempt(async () => {
      const keys: string[] = [];
      for await (const { key } of this.#objects.list(prefix)) keys.push(key);
      return keys;
    });
  }

  async #remove(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#queue.add(() => attempt(() => this.#objects.remove(key)))));
  }

  #prefix(call: string): string {
    return `${PREFIX}/${this.#store}/${call}/`;
  }
}

/** Who uses a store knows nothing of objects. */
async function attempt<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'OBJECTS_UNAVAILABLE') throw error;
    const why = `Large inputs and outputs are not to be had now: ${error.message}`;
    throw new ServerError('STORE_UNAVAILABLE', why, { cause: error });
  }
}

/** What becomes of an input whose block is gone. */
export function bodyGone(kept: Bytes): ServerError {
  return new ServerError(
    'STORE_UNAVAILABLE',
    `The object ${readReference(kept)?.key} is gone, which a call refers to: was it removed by hand?`,
  );
}
