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
   * finished, to copies of the spans named.
   */
  submit(steps: readonly Step[], reads?: readonly Span[]): Promise<ArrayBuffer[]>;
  /** Waits for what was submitted, then frees all pooled memory. The device stays its owner's. */
  [Symbol.asyncDispose](): Promise<void>;
}
