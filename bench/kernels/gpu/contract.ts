/** What a call must do, and what a device can do. */

/** What a call must do at least. */
export interface Work {
  /** To read and to write. */
  readonly bytes: number;
  /** Of float32. */
  readonly flops?: number;
  /** Whether subgroup matrices do them. Default: false. */
  readonly matrices?: boolean;
}

/** Each a second; absent where the device lacks what it takes. */
export interface Ceilings {
  /** Read and written. */
  readonly bytes: number;
  /** A fused multiply and add is two. */
  readonly flops: number;
  readonly flopsOfHalves?: number;
  /** Products of halves, sums of float32. */
  readonly flopsOfMatrices?: number;
}
