import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Best } from '../collection/contract.ts';
import { scoreGraph, searchGraph } from './score-graph.ts';
import { Selector } from './select.ts';

/** Scores that may be in memory at once: 64 MiB of float32. */
const MAX_SCORES = 16 * 1024 * 1024;
/** Sums of products below this can't overflow, in whatever order they are added. */
const SAFE = 1e38;

/** Row-major vectors, and what no component of them exceeds; `NaN` or `Infinity` where that is not known. */
export interface Vectors {
  readonly data: Float32Array;
  readonly largest: number;
}

/**
 * Exact search by ONNX Runtime on the CPU: the matrix product, and the selection on all cores where every score is
 * sure to be a number. Where one may be NaN, selection is ours, because only then is its place known.
 */
export class CpuSearch {
  readonly #score: InferenceSession;
  readonly #search: InferenceSession;

  private constructor(score: InferenceSession, search: InferenceSession) {
    this.#score = score;
    this.#search = search;
  }

  /** `threads` is how many cores may be used. */
  static async open(threads: number): Promise<CpuSearch> {
    const [score, search] = await Promise.all([open(scoreGraph(), threads), open(searchGraph(), threads)]);
    return new CpuSearch(score, search);
  }

  /** The `k` best of the items for each query; k is at most their number. Blocks its thread. */
  async topK(queries: Vectors, items: Vectors, dims: number, k: number): Promise<Best> {
    const [count, rows] = [queries.data.length / dims, items.data.length / dims];
    const best = { k, rows: new Uint32Array(count * k), scores: new Float32Array(count * k) };
    const tensor = new Tensor('float32', items.data, [rows, dims]);
    const step = Math.max(1, Math.floor(MAX_SCORES / rows));
    const safe = queries.largest * items.largest * dims < SAFE;
    for (let first = 0; first < count; first += step) {
      const end = Math.min(count, first + step);
      const data = queries.data.subarray(first * dims, end * dims);
      const inputs = { queries: new Tensor('float32', data, [end - first, dims]), items: tensor };
      const into = {
        k,
        rows: best.rows.subarray(first * k, end * k),
        scores: best.scores.subarray(first * k, end * k),
      };
      await (safe ? this.#selected(inputs, into) : this.#scored(inputs, into, rows));
    }
    return best;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#score.release(), this.#search.release()]);
  }

  async #selected(inputs: Inputs, into: Best): Promise<void> {
    const k = new Tensor('int64', BigInt64Array.of(BigInt(into.k)), [1]);
    const { best, rows } = await this.#search.run({ ...inputs, k });
    into.scores.set(best!.data as Float32Array);
    // Below 2³² and not negative: the lower half of each is the row, and the machine is little-endian.
    const { buffer, byteOffset, length } = rows!.data as BigInt64Array<ArrayBuffer>;
    const halves = new Uint32Array(buffer, byteOffset, 2 * length);
    for (let at = 0; at < length; at++) into.rows[at] = halves[2 * at]!;
  }

  async #scored(inputs: Inputs, into: Best, count: number): Promise<void> {
    const { scores } = await this.#score.run(inputs);
    const data = scores!.data as Float32Array;
    const selector = new Selector(into.k);
    for (let query = 0; query < data.length / count; query++) {
      const [from, to] = [query * into.k, (query + 1) * into.k];
      selector.select(
        data.subarray(query * count, (query + 1) * count),
        into.rows.subarray(from, to),
        into.scores.subarray(from, to),
      );
    }
  }
}

type Inputs = Readonly<Record<'queries' | 'items', Tensor>>;

/** The largest magnitude of a component; `NaN` if one is NaN. */
export function largestOf(data: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < data.length; at++) {
    const magnitude = Math.abs(data[at]!);
    if (!(magnitude <= largest)) largest = magnitude;
    if (largest !== largest) return largest;
  }
  return largest;
}

async function open(graph: Uint8Array<ArrayBuffer>, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    // A run is short and then nothing follows for long: spinning would only take the cores from the encoder.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  });
}
