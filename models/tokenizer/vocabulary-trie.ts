/**
 * The vocabulary as a trie of UTF-16 units whose edges lie in one open-addressed table, so that the longest token
 * that begins at a position is found in one walk without making a string.
 */
export class VocabularyTrie {
  /** Node ids: the root of tokens that begin a word, and of those that continue one. */
  static readonly wordRoot = 0;
  static readonly continuationRoot = 1;

  readonly #mask: number;
  /** Three numbers an edge: key high (node), key low (unit), target; target 0 means empty. */
  readonly #edges: Int32Array<ArrayBuffer>;
  readonly #idOf: Int32Array<ArrayBuffer>;
  #nodes = 2;
  /** Units of the last match of `longest`. */
  matched = 0;

  constructor(vocabulary: ReadonlyMap<string, number>, continuationPrefix: string) {
    let units = 2;
    for (const token of vocabulary.keys()) {
      units += token.length;
    }
    const slots = 2 ** Math.ceil(Math.log2(units * 2));
    this.#mask = slots - 1;
    this.#edges = new Int32Array(slots * 3);
    this.#idOf = new Int32Array(units).fill(-1);
    for (const [token, id] of vocabulary) {
      this.#insert(VocabularyTrie.wordRoot, token, id);
      if (continuationPrefix !== '' && token.startsWith(continuationPrefix)) {
        this.#insert(VocabularyTrie.continuationRoot, token.slice(continuationPrefix.length), id);
      }
    }
  }

  /** Id of the longest token from `root` at `start`, or −1; its length in units is then in `matched`. */
  longest(root: number, word: Uint16Array<ArrayBuffer>, start: number, end: number): number {
    const edges = this.#edges;
    const idOf = this.#idOf;
    let node = root;
    let best = -1;
    for (let index = start; index < end; index += 1) {
      const edge = this.#find(node, word[index]!);
      node = edges[edge + 2]!;
      if (node === 0) {
        break;
      }
      const id = idOf[node]!;
      if (id >= 0) {
        best = id;
        this.matched = index + 1 - start;
      }
    }
    return best;
  }

  #insert(root: number, token: string, id: number): void {
    let node = root;
    for (let index = 0; index < token.length; index += 1) {
      const unit = token.charCodeAt(index);
      const edge = this.#find(node, unit);
      if (this.#edges[edge + 2] === 0) {
        this.#edges[edge] = node;
        this.#edges[edge + 1] = unit;
        this.#edges[edge + 2] = this.#nodes;
        this.#nodes += 1;
      }
      node = this.#edges[edge + 2]!;
    }
    if (node !== root) {
      this.#idOf[node] = id;
    }
  }

  /** Position of the edge, or of the empty slot where it belongs. */
  #find(node: number, unit: number): number {
    const edges = this.#edges;
    let hash = Math.imul(node, 0x9e37_79b1) ^ Math.imul(unit, 0x85eb_ca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const edge = slot * 3;
      if (edges[edge + 2] === 0 || (edges[edge] === node && edges[edge + 1] === unit)) {
        return edge;
      }
    }
  }
}
