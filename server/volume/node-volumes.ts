import type { Logger } from 'pino';
import type { Storage } from '../storage.ts';
import { Volumes } from './volumes.ts';

/** The volumes of a node, over the objects of its storage, which are opened when they are first wanted. */
export class NodeVolumes implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #log: Logger;
  #volumes: Volumes | undefined;

  constructor(storage: Storage, log: Logger) {
    this.#storage = storage;
    this.#log = log;
  }

  /** Throws `STORE_UNAVAILABLE` or `OBJECTS_UNAVAILABLE`. */
  async open(): Promise<Volumes> {
    const { objects } = await this.#storage.open();
    const onTrouble = (err: unknown): void => this.#log.warn({ err }, 'volumes could not be tidied');
    return (this.#volumes ??= new Volumes({ objects, onTrouble }));
  }

  /** Before the storage. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#volumes?.[Symbol.asyncDispose]();
  }
}
