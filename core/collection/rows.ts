import type { Id } from '../contract.ts';

/** Which row of the vector store holds which id. Rows are dense and in insertion order. */
export class Rows {
  #ids: Id[] = [];
  readonly #rowOf = new Map<Id, number>();

  get size(): number {
    return this.#ids.length;
  }

  row(id: Id): number | undefined {
    return this.#rowOf.get(id);
  }

  /** The ids by row, as they are now: later removals do not change it, later claims only add to it. */
  snapshot(): readonly Id[] {
    return this.#ids;
  }

  /** The row of `id`, new at the end if it has none. */
  claim(id: Id): number {
    const known = this.#rowOf.get(id);
    if (known !== undefined) return known;
    const row = this.#ids.length;
    this.#ids.push(id);
    this.#rowOf.set(id, row);
    return row;
  }

  /** Forgets the ids and closes the gaps; answers the old rows that remain, in order, or nothing if no id was known. */
  remove(ids: readonly Id[]): Uint32Array<ArrayBuffer> | undefined {
    const gone = new Set(ids.filter((id) => this.#rowOf.has(id)));
    if (gone.size === 0) return undefined;
    const kept: number[] = [];
    const remaining: Id[] = [];
    for (const [row, id] of this.#ids.entries()) {
      if (gone.has(id)) {
        this.#rowOf.delete(id);
        continue;
      }
      this.#rowOf.set(id, remaining.length);
      remaining.push(id);
      kept.push(row);
    }
    this.#ids = remaining;
    return Uint32Array.from(kept);
  }
}
