import { LRUCache } from 'lru-cache';
import type { Step } from '../contract.ts';

/** Bind groups that may be cached at once; an evicted one costs about 10 µs to make again. */
const MAX_GROUPS = 512;

/** Bind groups by pipeline and spans: pooled buffers come back, so their bindings do too. */
export class Bindings {
  readonly #device: GPUDevice;
  readonly #groups = new LRUCache<string, GPUBindGroup>({ max: MAX_GROUPS });
  readonly #numbers = new WeakMap<object, number>();
  #count = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  group({ pipeline, bindings }: Step): GPUBindGroup {
    const spans = bindings.map(({ buffer, offset, size }) => `${this.#number(buffer)}:${offset}:${size}`);
    const key = `${this.#number(pipeline)}/${spans.join()}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = this.#device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bindings.map((resource, binding) => ({ binding, resource })),
    });
    this.#groups.set(key, group);
    return group;
  }

  clear(): void {
    this.#groups.clear();
  }

  #number(object: object): number {
    const known = this.#numbers.get(object);
    if (known !== undefined) return known;
    this.#count += 1;
    this.#numbers.set(object, this.#count);
    return this.#count;
  }
}
