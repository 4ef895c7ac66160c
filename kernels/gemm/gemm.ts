import type { Kernel, Launcher, Matrix, Panels, Program } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { tileProgram } from '../tile/program.ts';
import { TILE_SHAPES } from '../tile/shape.ts';
import { vectorsOf, type Vectors } from '../tile/vectors.ts';
import { matricesOr, matrixProgram, matrixShape } from './matrix/shape.ts';

/** What is done to a product before it is written. */
export interface Epilogue {
  /** float32, 1 × n: added to each row. */
  readonly bias?: Matrix;
  /** GELU by the error function or by the hyperbolic tangent, or the tangent itself. Default: none. */
  readonly activation?: Activation;
}

export type Activation = 'gelu' | 'gelu-tanh' | 'tanh';

/** By what products are computed: subgroup matrices (tensor cores), or each thread a few of them. */
export type GemmTier = 'matrix' | 'tile';

export interface GemmCall extends Epilogue {
  /** m × k; `f32`, `f16` or `i8`. */
  readonly a: Panels;
  /** n × k, of the type of `a`. */
  readonly b: Panels;
  /** float32, m × n; written. */
  readonly output: Matrix;
  /** Default: the fastest that the device has for the type. */
  readonly tier?: GemmTier;
}

const file = (name: string): URL => new URL(name, import.meta.url);
const placeFile = new URL('../tile/place.wgsl', import.meta.url);
const TYPES: readonly string[] = ['f32', 'f16', 'i8'];
/** As `epilogue.wgsl` numbers them, from 1. */
const ACTIVATIONS: readonly Activation[] = ['gelu', 'gelu-tanh', 'tanh'];
const outputFiles = [file('epilogue.wgsl'), file('output.wgsl')];

/** The tiers that a device has for a type, fastest first. */
export function gemmTiers(device: GPUDevice, type: Panels['type']): readonly GemmTier[] {
  if (!TYPES.includes(type)) return [];
  return matrixShape(device, type, 1) === undefined ? ['tile'] : ['matrix', 'tile'];
}

/**
 * output = activation(a · bᵀ × scales + bias), a matrix product over panels. How far it may be from the exact one is in
 * `reference.ts`. The tier `tile` has the bits of `dot` before the epilogue, and so has `matrix` where the type is `i8`;
 * the order in which tensor cores add floats is their own.
 */
export const gemm: Kernel<GemmCall> = {
  name: 'gemm',
  async plan(launcher, { a, b, output, bias, activation, tier }) {
    const tiers = gemmTiers(launcher.device, a.type);
    const chosen = tier ?? tiers[0];
    if (chosen === undefined || !tiers.includes(chosen)) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected a product of ${TYPES.join(', ')} by a tier that this device has for ${a.type} (${tiers.join(', ') || 'none'}); got ${tier}.`,
      );
    }
    if (activation !== undefined && !ACTIVATIONS.includes(activation)) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected an activation of ${ACTIVATIONS.join(', ')}; got ${String(activation)}.`,
      );
    }
    const vectors = vectorsOf({ queries: a, items: b, metric: 'dot' });
    requireShape('output', output, a.rows, b.rows);
    if (bias !== undefined) requireShape('bias', bias, 1, b.rows);
    const bindings = [
      ...vectors.bindings,
      spanOf('output', output),
      // Without one something must still be bound.
      ...(bias === undefined ? vectors.bindings.slice(0, 1) : [spanOf('bias', bias)]),
    ];
    if (a.rows === 0 || b.rows === 0) return planOf([]);
    const compiled = async (by: GemmTier) => {
      const { program, queries, items } = programOf(launcher, by, a, vectors);
      return { pipeline: await launcher.pipeline(program), queries, items };
    };
    const { pipeline, queries, items } =
      chosen === 'matrix' && tier === undefined
        ? await matricesOr(
            launcher,
            () => compiled('matrix'),
            () => compiled('tile'),
          )
        : await compiled(chosen);
    return planOf([
      {
        pipeline,
        bindings,
        immediates: Uint32Array.of(
          ...vectors.fields(0, a.rows),
          Number(bias !== undefined),
          activation === undefined ? 0 : ACTIVATIONS.indexOf(activation) + 1,
        ),
        workgroups: launcher.grid(Math.ceil(a.rows / queries) * Math.ceil(b.rows / items)),
      },
    ]);
  },
};

/** What computes a tile of so many queries and items. */
function programOf(
  launcher: Launcher,
  tier: GemmTier,
  a: Panels,
  vectors: Vectors,
): { readonly program: Program; readonly queries: number; readonly items: number } {
  const shape = tier === 'matrix' ? matrixShape(launcher.device, a.type, a.rows) : undefined;
  if (shape !== undefined) {
    const { QUERIES, ITEMS } = shape.constants;
    const program = matrixProgram(vectors, shape, [placeFile, ...outputFiles, file('matrix.wgsl')]);
    return { program, queries: QUERIES, items: ITEMS };
  }
  const tile = a.rows <= 32 ? TILE_SHAPES.square32 : TILE_SHAPES.square64;
  const { QUERIES, ITEMS } = tile.constants;
  return { program: tileProgram(vectors, tile, [...outputFiles, file('tile.wgsl')]), queries: QUERIES, items: ITEMS };
}
