import type { ElementType, Launcher, Program } from '../../contract.ts';
import { KernelError } from '../../errors.ts';
import { componentsOf } from '../../panels/layout.ts';
import type { Vectors } from '../../tile/vectors.ts';

/** A size of subgroup matrices that a device multiplies, as Dawn tells it; the standard's types don't have it yet. */
interface MatrixConfig {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

/** The types that subgroup matrices multiply here, and what they are summed in. */
const RESULTS = { f16: 'f32', i8: 'i32' } as const;

export type MatrixType = keyof typeof RESULTS;

/** The constants of `product.wgsl`. */
export interface MatrixShape {
  readonly type: MatrixType;
  readonly constants: {
    readonly M: number;
    readonly N: number;
    readonly K: number;
    readonly SUBGROUP: number;
    readonly STEP: number;
    readonly DEPTH: number;
    readonly QUERIES: number;
    readonly ITEMS: number;
    readonly EACH_M: number;
    readonly EACH_N: number;
  };
}

/** Devices that say they multiply matrices, and have refused a program that does. */
const refusing = new WeakSet<GPUDevice>();

/** Granules of a row that are in workgroup memory at a time. */
const DEPTH = 4;
const ITEMS = 128;
/** Matrices of sums that a subgroup has in registers. */
const EACH = { M: 4, N: 2 } as const;

const file = (name: string): URL => new URL(name, import.meta.url);

/**
 * How a device multiplies panels of a type by subgroup matrices, for so many queries; `undefined` where it can't:
 * without the features, with subgroups of varying size, or where no size of matrices fits the layout.
 */
export function matrixShape(device: GPUDevice, type: ElementType, queries: number): MatrixShape | undefined {
  if ((type !== 'f16' && type !== 'i8') || refusing.has(device)) return undefined;
  const features: ReadonlySet<string> = device.features;
  const {
    subgroupMinSize,
    subgroupMaxSize = 0,
    subgroupMatrixConfigs = [],
  } = device.adapterInfo as GPUAdapterInfo & {
    readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
  };
  if (!features.has('chromium-experimental-subgroup-matrix') || !features.has('shader-f16')) return undefined;
  if (subgroupMinSize !== subgroupMaxSize) return undefined;
  const shapes = [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === type && resultComponentType === RESULTS[type])
    .map((config) => shapeOf(type, config, subgroupMaxSize, queries))
    .filter((shape): shape is MatrixShape => shape !== undefined && fits(shape, device.limits));
  // The largest matrices do most work for what they load.
  return shapes.toSorted((a, b) => volume(b) - volume(a))[0];
}

/**
 * What `matrices` answers; where the driver does not compile that, what `tiles` does, and from then on the device counts
 * as one without matrices.
 */
export async function matricesOr<Result>(
  { device }: Launcher,
  matrices: () => Promise<Result>,
  tiles: () => Promise<Result>,
): Promise<Result> {
  try {
    return await matrices();
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== 'SHADER_INVALID') throw error;
    refusing.add(device);
    return tiles();
  }
}

function shapeOf(
  type: MatrixType,
  { M, N, K }: MatrixConfig,
  SUBGROUP: number,
  queries: number,
): MatrixShape | undefined {
  const halves = K / (componentsOf(type) / 2);
  const QUERIES = queries <= 16 ? 16 : queries <= 64 ? 64 : 128;
  const EACH_M = Math.min(EACH.M, QUERIES / M);
  const EACH_N = EACH.N;
  // Whole matrices, in whole units, that fill tile and slice.
  const whole = [halves, QUERIES / (EACH_M * M), ITEMS / (EACH_N * N), (2 * DEPTH) / halves, N / 4];
  if (!whole.every((count) => Number.isInteger(count) && count > 0)) return undefined;
  const STEP = halves % 2 === 0 ? halves / 2 : halves;
  return { type, constants: { M, N, K, SUBGROUP, STEP, DEPTH, QUERIES, ITEMS, EACH_M, EACH_N } };
}

function fits({ constants }: MatrixShape, limits: GPUSupportedLimits): boolean {
  const { M, N, SUBGROUP, QUERIES, ITEMS: items, EACH_M, EACH_N } = constants;
  const subgroups = (QUERIES / (EACH_M * M)) * (items / (EACH_N * N));
  const threads = subgroups * SUBGROUP;
  const bytes = Math.max((QUERIES + items) * (DEPTH + 1) * 16, subgroups * M * EACH_N * N * 4);
  return (
    threads <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    // What a kernel keeps beside it is small.
    bytes + 2048 <= limits.maxComputeWorkgroupStorageSize
  );
}

function volume({ constants: { M, N, K } }: MatrixShape): number {
  return M * N * K;
}

/** A kernel over tiles of subgroup matrices. Its own files follow, and have `take` of `product.wgsl`. */
export function matrixProgram(vectors: Vectors, { type, constants }: MatrixShape, files: readonly URL[]): Program {
  const halves = constants.K / (componentsOf(type) / 2);
  const unit = file(halves % 2 === 0 ? 'unit16.wgsl' : 'unit8.wgsl');
  return {
    constants,
    files: [...vectors.files, unit, file(`${type}.wgsl`), file('product.wgsl'), ...files],
  };
}
