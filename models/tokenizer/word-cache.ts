const slots = 1 << 16;
const unitCapacity = 1 << 19;
const idCapacity = 1 << 18;
/** Filled beyond this, probes grow long. */
const wordCapacity = slots * 0.6;

/**
 * Ids of words seen before, keyed by their UTF-16 units. Bounded at about 3 MiB: when full it forgets everything,
 * and common words are back within a few texts.
 */
export class WordCache {
  /** Four numbers a slot: hash, first unit, units << 16 | ids, first id; a unit count of 0 means empty. */
  readonly #table = new Int32Array(slots * 4);
  readonly #units = new Uint16Array(unitCapacity);
  /** Ids of a hit begin at the position that `find` returns. */
  readonly ids: Int32Array<ArrayBuffer> = new Int32Array(idCapacity);
  #unitsUsed = 0;
  #idsUsed = 0;
  #words = 0;
  /** Number of ids of the last hit. */
  found = 0;

  /** Position in `ids`, or −1. */
  find(word: Uint16Array<ArrayBuffer>, length: number, hash: number): number {
    const table = this.#table;
    const units = this.#units;
    for (let slot = mix(hash) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const entry = slot * 4;
      const sizes = table[entry + 2]!;
      if (sizes === 0) {
        return -1;
      }
      if (table[entry] === hash && sizes >>> 16 === length) {
        const first = table[entry + 1]!;
        let index = 0;
        while (index < length && units[first + index] === word[index]) {
          index += 1;
        }
        if (index === length) {
          this.found = sizes & 0xffff;
          return table[entry + 3]!;
        }
      }
    }
  }

  /** Remembers a word that `find` did not know; `source` holds its ids at `start`. */
  add(
    word: Uint16Array<ArrayBuffer>,
    length: number,
    hash: number,
    source: Int32Array<ArrayBuffer>,
    start: number,
    count: number,
  ): void {
    if (this.#words >= wordCapacity || this.#unitsUsed + length > unitCapacity || this.#idsUsed + count > idCapacity) {
      this.#clear();
    }
    let slot = mix(hash) & (slots - 1);
    while (this.#table[slot * 4 + 2] !== 0) {
      slot = (slot + 1) & (slots - 1);
    }
    this.#table[slot * 4] = hash;
    this.#table[slot * 4 + 1] = this.#unitsUsed;
    this.#table[slot * 4 + 2] = (length << 16) | count;
    this.#table[slot * 4 + 3] = this.#idsUsed;
    this.#units.set(word.subarray(0, length), this.#unitsUsed);
    this.ids.set(source.subarray(start, start + count), this.#idsUsed);
    this.#unitsUsed += length;
    this.#idsUsed += count;
    this.#words += 1;
  }

  #clear(): void {
    this.#table.fill(0);
    this.#unitsUsed = 0;
    this.#idsUsed = 0;
    this.#words = 0;
  }
}

/** The running hash changes its high bits most; the slot is taken from the low ones. */
function mix(hash: number): number {
  return hash ^ (hash >>> 15);
}
