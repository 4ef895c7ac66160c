import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type CoarseSegment, PANEL } from '../collection/coarse-rows.ts';
import type { Device } from '../device/contract.ts';
import { onnxFailure } from '../runtime/onnx/failure.ts';
import { sessionOptions } from '../runtime/onnx/options.ts';
import { coarseGraph } from './coarse-graph.ts';
import type { BlockScores } from './offer.ts';

/** Panels of a segment. */
export interface CoarseBlock extends Omit<CoarseSegment, 'residual'> {
  readonly dims: number;
}

/** Panels of rows in 8 bits scored by ONNX Runtime on the CPU, in memory that is used again. */
export class CoarseScorer implements AsyncDisposable {
  readonly #session: InferenceSession;
  readonly #bin: number;
  #scores = new Float32Array(0);
  #maxima = new Float32Array(0);

  private constructor(session: InferenceSession, bin: number) {
    this.#session = session;
    this.#bin = bin;
  }

  static async open(device: Device, bin: number, threads: number): Promise<CoarseScorer> {
    const settings = { ...sessionOptions(device, threads), enableMemPattern: true };
    const session = await InferenceSession.create(coarseGraph(bin), settings).catch((error: unknown) => {
      throw onnxFailure(error, `open a search on ${device.name}`);
    });
    return new CoarseScorer(session, bin);
  }

  /** `queries` is row-major, one row a query. */
  async score(queries: Uint8Array<ArrayBuffer>, { dims, panels, scales }: CoarseBlock): Promise<BlockScores> {
    const count = queries.length / dims;
    const held = panels.length / dims / PANEL;
    const size = count * held * PANEL;
    const bins = size / this.#bin;
    if (this.#scores.length < size) this.#scores = new Float32Array(size);
    if (this.#maxima.length < bins) this.#maxima = new Float32Array(bins);
    const [scores, maxima] = [this.#scores.subarray(0, size), this.#maxima.subarray(0, bins)];
    const inputs = {
      queries: new Tensor('uint8', queries, [count, dims]),
      items: new Tensor('int8', panels, [held, dims, PANEL]),
      scales: new Tensor('float32', scales, [held, 1, PANEL]),
    };
    const outputs = {
      scores: new Tensor('float32', scores, [held, count, PANEL]),
      maxima: new Tensor('float32', maxima, [held, count, PANEL / this.#bin]),
    };
    await this.#session.run(inputs, outputs).catch((error: unknown) => {
      throw onnxFailure(error, `score ${count} × ${held * PANEL} rows of ${dims} bytes`);
    });
    return { scores, maxima, width: PANEL };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}
