import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Metric } from '../../kernels/index.ts';
import type { Device } from '../device/contract.ts';
import { onnxFailure } from '../runtime/onnx/failure.ts';
import { sessionOptions } from '../runtime/onnx/options.ts';
import type { Block } from './blocks.ts';
import type { BlockScores } from './offer.ts';
import { blockGraph, type FloatType } from './score-graph.ts';

export interface ScorerOptions {
  readonly type: FloatType;
  readonly metric: Metric;
  readonly bin: number;
  /** The CPU, or a GPU by its CUDA provider. */
  readonly device: Device;
  /** Cores that may be used on a CPU. */
  readonly threads: number;
}

/** Blocks of rows scored by ONNX Runtime, in memory that is used again. */
export class BlockScorer implements AsyncDisposable {
  readonly #session: InferenceSession;
  readonly #options: ScorerOptions;
  #scores = new Float32Array(0);
  #maxima = new Float32Array(0);

  private constructor(session: InferenceSession, options: ScorerOptions) {
    this.#session = session;
    this.#options = options;
  }

  static async open(options: ScorerOptions): Promise<BlockScorer> {
    const { type, metric, bin, device, threads } = options;
    const graph = blockGraph(type, metric, bin);
    // Blocks have few shapes, so a plan of memory for each is used again.
    const settings = { ...sessionOptions(device, threads), enableMemPattern: true };
    const session = await InferenceSession.create(graph, settings).catch((error: unknown) => {
      throw onnxFailure(error, `open a search on ${device.name}`);
    });
    return new BlockScorer(session, options);
  }

  /** `queries` is row-major, one row a query. */
  async score(queries: Float32Array<ArrayBuffer>, dims: number, block: Block): Promise<BlockScores> {
    const { type, metric, bin } = this.#options;
    const count = queries.length / dims;
    const rows = block.norms.length;
    const [size, bins] = [count * rows, (count * rows) / bin];
    if (this.#scores.length < size) this.#scores = new Float32Array(size);
    if (this.#maxima.length < bins) this.#maxima = new Float32Array(bins);
    const [scores, maxima] = [this.#scores.subarray(0, size), this.#maxima.subarray(0, bins)];
    const inputs = {
      queries: new Tensor('float32', queries, [count, dims]),
      items: tensorOf(type, block.data, [rows, dims]),
      ...(block.scales && { scales: new Tensor('float32', block.scales, [rows]) }),
      ...(metric === 'euclidean' && {
        squares: new Tensor(
          'float32',
          block.norms.map((norm) => -norm * norm),
          [rows],
        ),
      }),
    };
    const outputs = {
      scores: new Tensor('float32', scores, [count, rows]),
      maxima: new Tensor('float32', maxima, [count, rows / bin]),
    };
    await this.#session.run(inputs, outputs).catch((error: unknown) => {
      throw onnxFailure(error, `score ${count} × ${rows} rows of ${dims} ${type}`);
    });
    return { scores, maxima, width: rows };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

/**
 * onnxruntime-common turns halves into a `Float16Array` wherever there is one, of which onnxruntime-node sees no byte:
 * so they pass as the words that they are, under the name of halves.
 */
function tensorOf(type: FloatType, data: Block['data'], dims: readonly number[]): Tensor {
  if (type === 'f32') return new Tensor('float32', data as Float32Array, dims);
  if (type === 'i8') return new Tensor('int8', data as Int8Array, dims);
  const words = new Tensor('uint16', data as Uint16Array, dims);
  return Object.assign(words, { type: 'float16' });
}
