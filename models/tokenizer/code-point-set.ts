/** A set of code points, packed as base-36 pairs `gap length`: the gap from the end of the range before. */
export class CodePointSet {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(packed: string) {
    const numbers = packed.split(' ').map((word) => Number.parseInt(word, 36));
    let position = 0;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      position += numbers[index] ?? 0;
      this.#starts.push(position);
      position += numbers[index + 1] ?? 0;
      this.#ends.push(position);
    }
  }

  has(codePoint: number): boolean {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (codePoint >= (this.#ends[middle] ?? 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < this.#starts.length && codePoint >= (this.#starts[low] ?? 0);
  }
}
