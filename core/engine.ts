import type { LocalModel } from '../models/contract.ts';
import { requireCollectionOptions, settleCollection } from '../shard/app/collection-options.ts';
import { VectorCollection } from './collection/collection.ts';
import { RemoteStore } from './collection/remote-store.ts';
import { requireShape } from './collection/shape.ts';
import type { VectorMethods, VectorThreadData } from './collection/vectors.worker.ts';
import type { CollectionOptions, EmbedOptions, Engine, EngineCollection, EngineModel, Vectors } from './contract.ts';
import type { Device } from './device/contract.ts';
import { Encoder, type EncoderStats } from './encoder/encoder.ts';
import type { PlanLimits } from './encoder/plan.ts';
import { openSessions } from './encoder/pool.ts';
import { CoreError } from './errors.ts';
import type { Runtime } from './runtime/contract.ts';
import type { Thread } from './thread/contract.ts';
import { startThread } from './thread/start.ts';

export interface EngineParts {
  readonly model: LocalModel;
  readonly device: Device;
  readonly runtime: Runtime;
  /** Threads of a product on the CPU. */
  readonly threads: number;
  readonly limits: PlanLimits;
}

/** An engine over these parts. Opening loads the model; `openEngine` chooses the parts first. */
export async function assembleEngine({ model, device, runtime, threads, limits }: EngineParts): Promise<DeviceEngine> {
  const encoder = await Encoder.open(model, openSessions(runtime, { model, device, threads }), limits);
  return new DeviceEngine(device, encoder, threads);
}

/** One device's encoder, and the collections in its memory. */
export class DeviceEngine implements Engine {
  readonly device: Device;
  readonly model: EngineModel;
  readonly #encoder: Encoder;
  readonly #threads: number;
  readonly #collections = new Map<string, VectorCollection>();
  /** Started with the first collection: an engine that only embeds has no use for it. */
  #vectors: Promise<Thread<VectorMethods>> | undefined;
  #lastStore = 0;
  #disposed: Promise<void> | undefined;

  constructor(device: Device, encoder: Encoder, threads: number) {
    const { spec, origin } = encoder.model;
    this.device = device;
    this.model = { name: spec.name, dims: encoder.session.dims, maxTokens: spec.maxTokens, origin };
    this.#encoder = encoder;
    this.#threads = threads;
  }

  get stats(): Readonly<EncoderStats> {
    return this.#encoder.stats;
  }

  async embed(texts: readonly string[], options?: EmbedOptions): Promise<Vectors> {
    this.#checkOpen();
    return this.#encoder.encode(texts, options);
  }

  collection(name: string, stated: CollectionOptions = {}): EngineCollection {
    this.#checkOpen();
    const known = this.#collections.get(name);
    if (known !== undefined) {
      requireShape(known, stated);
      return known;
    }
    const shape = settleCollection(requireCollectionOptions(stated), this.model.dims);
    const store = new RemoteStore(this.#vectorThread(), ++this.#lastStore, shape);
    const collection = new VectorCollection({
      name,
      store,
      truncates: stated.dims !== undefined,
      embed: (texts, options) => this.#embedTo({ name, ...shape }, texts, options),
    });
    this.#collections.set(name, collection);
    return collection;
  }

  existingCollection(name: string, stated: CollectionOptions = {}): EngineCollection {
    const known = this.#collections.get(name);
    if (known === undefined) {
      const names = [...this.#collections.keys()].map((each) => `"${each}"`);
      const has = names.length === 0 ? 'there is none yet: upsert items first' : `there are ${names.join(', ')}`;
      throw new CoreError('COLLECTION_NOT_FOUND', `no collection is named "${name}"; ${has}`);
    }
    requireShape(known, stated);
    return known;
  }

  collections(): readonly EngineCollection[] {
    return [...this.#collections.values()];
  }

  async drop(name: string): Promise<boolean> {
    const known = this.#collections.get(name);
    if (known === undefined) return false;
    this.#collections.delete(name);
    await known.dispose();
    return true;
  }

  async #embedTo(
    { name, dims }: Pick<EngineCollection, 'name' | 'dims'>,
    texts: readonly string[],
    options: EmbedOptions = {},
  ): Promise<Vectors> {
    if (dims <= this.model.dims) return this.embed(texts, { ...options, dims });
    throw new CoreError(
      'COLLECTION_MISMATCH',
      `Collection ${JSON.stringify(name)} holds vectors of ${dims} dims, but ${this.model.name} makes ${this.model.dims} of a text: give it vectors`,
    );
  }

  #vectorThread(): Promise<Thread<VectorMethods>> {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const url = new URL(`./collection/vectors.worker${extension}`, import.meta.url);
    const data: VectorThreadData = { device: this.device, threads: this.#threads };
    this.#vectors ??= startThread<VectorMethods>(url, data);
    return this.#vectors;
  }

  #checkOpen(): void {
    if (this.#disposed !== undefined) throw new CoreError('DISPOSED', 'the engine was used after it was disposed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    const vectors = await this.#vectors?.catch(() => undefined);
    await Promise.all([this.#encoder[Symbol.asyncDispose](), vectors?.[Symbol.asyncDispose]()]);
  }
}
