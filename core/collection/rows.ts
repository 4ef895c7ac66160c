import type { Id } from '../contract.ts';

/**
 * Which row of the vector store holds which id, in insertion order. The row of an id that is removed stays, as dead,
 * until the gaps are closed: till then no row comes to hold another id.
 */
export class Rows {
  #ids: Id[] = [];
  readonly #rowOf = new Map<Id, number>();
  /** Bit r % 32 of word ⌊r / 32⌋: row r is alive. */
  #alive = new Uint32Array(8);

  /** Ids that there are. */
  get size(): number {
    return this.#rowOf.size;
  }

  /** Rows, the dead ones among them. */
  get count(): number {
    return this.#ids.length;
  }

  get dead(): number {
    return this.count - this.size;
  }

  row(id: Id): number | undefined {
    return this.#rowOf.get(id);
  }

  /** The ids by row, as they are now: later removals do not change it, later claims only add to it. */
  snapshot(): readonly Id[] {
    return this.#ids;
  }

  /** Bits of the rows that are alive, as they are now. */
  alive(): Uint32Array<ArrayBuffer> {
    return this.#alive.slice(0, Math.ceil(this.count / 32));
  }

  /** The row of `id`, new at the end if it has none. */
  claim(id: Id): number {
    const known = this.#rowOf.get(id);
    if (known !== undefined) return known;
    const row = this.#ids.length;
    this.#ids.push(id);
    this.#rowOf.set(id, row);
    this.#setAlive(row);
    return row;
  }

  /** Forgets the ids; those that are not known are let be. */
  remove(ids: Iterable<Id>): void {
    for (const id of ids) {
      const row = this.#rowOf.get(id);
      if (row === undefined) continue;
      this.#rowOf.delete(id);
      this.#alive[row >>> 5]! &= ~(1 << (row & 31));
    }
  }

  /** The rows that are alive, ascending. */
  kept(): Uint32Array<ArrayBuffer> {
    const kept = new Uint32Array(this.size);
    let held = 0;
    // A map is in the order of insertion, and so are rows.
    for (const row of this.#rowOf.values()) kept[held++] = row;
    return kept;
  }

  /** Numbers the rows that are alive from 0 on, in their order, and forgets the dead. */
  closeGaps(): void {
    this.#ids = [...this.#rowOf.keys()];
    this.#alive = new Uint32Array(Math.max(8, Math.ceil(this.count / 32)));
    for (const [row, id] of this.#ids.entries()) {
      this.#rowOf.set(id, row);
      this.#setAlive(row);
    }
  }

  #setAlive(row: number): void {
    const word = row >>> 5;
    if (word >= this.#alive.length) {
      const grown = new Uint32Array(2 * this.#alive.length);
      grown.set(this.#alive);
      this.#alive = grown;
    }
    this.#alive[word]! |= 1 << (row & 31);
  }
}
