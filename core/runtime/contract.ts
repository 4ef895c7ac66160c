/** The contract of core/runtime: something that runs an encoder graph on a device. */
import type { LocalModel } from '../../models/contract.ts';
import type { Device } from '../device/contract.ts';

export type RuntimeName = 'onnx' | 'tfjs';

/** One padded batch of token ids, row-major `rows × width`. Positions past a row's length hold the pad id. */
export interface TokenBatch {
  readonly rows: number;
  readonly width: number;
  readonly ids: Int32Array<ArrayBuffer>;
  /** Tokens in each row, special tokens included; at least 1. */
  readonly lengths: Int32Array<ArrayBuffer>;
}

export interface SessionOptions {
  readonly model: LocalModel;
  readonly device: Device;
  /** Threads for a CPU device. Default: all cores. */
  readonly threads?: number;
}

/** A loaded encoder on one device. Runs are answered in the order they were asked. */
export interface Session extends AsyncDisposable {
  readonly runtime: RuntimeName;
  readonly device: Device;
  /** Components of one vector. */
  readonly dims: number;
  /**
   * Pooled and (where the spec says so) normalised vectors, row-major `rows × dims`.
   * Takes ownership of the batch's buffers.
   */
  run(batch: TokenBatch): Promise<Float32Array<ArrayBuffer>>;
}

export interface Runtime {
  readonly name: RuntimeName;
  /** Resolves to why this runtime can't serve the device, or to `undefined` where it can. */
  unavailable(device: Device): Promise<string | undefined>;
  open(options: SessionOptions): Promise<Session>;
}
