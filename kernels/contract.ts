/**
 * The contract of kernels/. A kernel plans a call: it checks shapes, fetches compiled pipelines and says which
 * dispatches on which buffers carry the call out. A launcher owns all that lives on one device and submits plans.
 * Nothing here knows models, ids or threads; the device is given, and its loss is reported, never mended, here.
 */

/** Part of a GPU buffer, in bytes. The offset is a multiple of 256, the size of 4. */
export interface Span {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Row-major `rows × columns` elements of 4 bytes in a GPU buffer with `STORAGE` usage. */
export interface Matrix {
  readonly buffer: GPUBuffer;
  /** In bytes, a multiple of 256. Default: 0. */
  readonly offset?: number;
  readonly rows: number;
  readonly columns: number;
}

/** How a component of a vector is kept: IEEE floats of 32 or 16 bits, a signed byte with a scale for each row, or a bit. */
export type ElementType = 'f32' | 'f16' | 'i8' | 'b1';

/**
 * What a score is; greater is better in each. `euclidean` is -‖q - x‖², `hamming` minus the number of bits that differ,
 * `jaccard` |q ∧ x| / |q ∨ x|, and 1 where both are empty. The last two are for bits alone, the others for the rest.
 */
export type Metric = 'dot' | 'cosine' | 'euclidean' | 'hamming' | 'jaccard';

/**
 * Vectors laid out to be scored: 64 rows a panel, each row in granules of 16 bytes (the last one filled up with zeros),
 * and in a panel granule 0 of all its rows, then granule 1, and so on. Granule g of row r is the `vec4u` at
 * `(floor(r / 64) × granules + g) × 64 + r % 64`.
 */
export interface Panels {
  readonly buffer: GPUBuffer;
  /** In bytes, a multiple of 256. Default: 0. */
  readonly offset?: number;
  readonly type: ElementType;
  readonly rows: number;
  /** Components of a row. */
  readonly dims: number;
  /** float32, rows × 1: what the components of each row are multiplied by. Default: 1. */
  readonly scales?: Matrix;
}

/** WGSL text and its specialisation: one compiled pipeline for each distinct value on each device. */
export interface Program {
  /** Files that make up the module, in order; the last one has the entry point `main`. */
  readonly files: readonly URL[];
  /** Each becomes `const NAME = value;` before the files, as an abstract integer. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** One dispatch. Plain data, which can be submitted any number of times. */
export interface Step {
  readonly pipeline: GPUComputePipeline;
  /** Bindings 0, 1, … of group 0. */
  readonly bindings: readonly Span[];
  /** The fields of the shader's `var<immediate>`, at most 64 bytes. */
  readonly immediates: Uint32Array<ArrayBuffer>;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** What carries out one call. Disposing gives its scratch memory back; submitted work still finishes. */
export interface Plan extends Disposable {
  readonly steps: readonly Step[];
}

export interface Kernel<Call> {
  readonly name: string;
  /**
   * Compiles what has not been compiled on this device and lays out the dispatches; they run when submitted.
   * An empty call has no steps. Throws `INPUT_INVALID` for shapes that contradict each other or their buffers.
   */
  plan(launcher: Launcher, call: Call): Promise<Plan>;
}

/** A buffer of a pool. Disposing gives it back; its contents are then anyone's. */
export interface Lease extends Disposable {
  /** At least as large as asked for. Usable for storage, and as source and destination of copies. */
  readonly buffer: GPUBuffer;
}

/** Everything that kernels own on one device. Every promise rejects with a `KernelError`. */
export interface Launcher extends AsyncDisposable {
  readonly device: GPUDevice;
  /** The compiled program; asked again, the same object. */
  pipeline(program: Program): Promise<GPUComputePipeline>;
  /**
   * Workgroups spread over x and y where one dimension can't count them. The shader finds its number as
   * `workgroup_id.x + workgroup_id.y * num_workgroups.x`, and leaves those past the last alone. `z` is 1 unless given.
   */
  grid(workgroups: number, z?: number): readonly [x: number, y: number, z: number];
  /** Pooled memory for the time of a call. What it holds at first is unspecified. */
  scratch(bytes: number): Promise<Lease>;
  /** Memory of exactly this size (rounded up to 4 bytes), zeroed, which the caller destroys. */
  allocate(bytes: number): Promise<GPUBuffer>;
  /** A copy of data in pooled memory. */
  upload(data: Float32Array | Uint32Array): Promise<Lease>;
  /**
   * Runs the steps in order, in one pass, each seeing what those before it wrote. Resolves when the device has
   * finished, to copies of the spans named. The device notes the time before and after the steps in `timestamps`.
   */
  submit(
    steps: readonly Step[],
    reads?: readonly Span[],
    timestamps?: GPUComputePassTimestampWrites,
  ): Promise<ArrayBuffer[]>;
  /** Waits for what was submitted, then frees all pooled memory. The device stays its owner's. */
  [Symbol.asyncDispose](): Promise<void>;
}
