import { unpackPanels, type HostPanels } from '../panels/host.ts';
import type { Activation, GemmTier } from './gemm.ts';

/** What `gemm` computes, in float64. */
export interface GemmReference {
  /** Row-major m × n. */
  readonly values: Float64Array<ArrayBuffer>;
  /** How far a kernel's may be from each. */
  readonly bounds: Float64Array<ArrayBuffer>;
}

export interface GemmReferenceOptions {
  readonly tier: GemmTier;
  readonly bias?: Float32Array;
  readonly activation?: Activation;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** Below it a GPU may flush to zero. */
const smallestNormal = 2 ** -126;
/**
 * Tensor cores add the products of a block to a sum after aligning all to the greatest and cutting off, so each of b + 1
 * addends may lose 2u of it (Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, PeerJ
 * Computer Science 7, 2021). Over d / b blocks that is 2u · d · (b + 1) / b, at most 4u · d.
 */
const UNITS: Readonly<Record<GemmTier, number>> = { tile: u, matrix: 4 * u };

/** Products of rows as they are kept: what packing rounded is no error of the kernel. */
export function gemmReference(a: HostPanels, b: HostPanels, options: GemmReferenceOptions): GemmReference {
  const { tier, bias, activation } = options;
  const { dims, type } = a;
  const [left, right] = [unpackPanels({ ...a, scales: ones(a) }), unpackPanels({ ...b, scales: ones(b) })];
  const values = new Float64Array(a.rows * b.rows);
  const bounds = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const [row, column] = [Math.floor(at / b.rows), at % b.rows];
    let sum = 0;
    let magnitude = 0;
    for (let i = 0; i < dims; i++) {
      const product = (left[row * dims + i] ?? 0) * (right[column * dims + i] ?? 0);
      sum += product;
      magnitude += Math.abs(product);
    }
    const scale = (a.scales?.[row] ?? 1) * (b.scales?.[column] ?? 1);
    // Sums of bytes are exact, and then converted.
    const rounded = type === 'i8' ? u * Math.abs(sum) : gamma(dims, UNITS[tier]) * magnitude + dims * smallestNormal;
    const scaled = rounded * Math.abs(scale) + 2 * u * (Math.abs(sum) + rounded) * Math.abs(scale) + 2 * smallestNormal;
    const biased = sum * scale + (bias?.[column] ?? 0);
    const bound = bias === undefined ? scaled : scaled + u * (Math.abs(biased) + scaled);
    [values[at], bounds[at]] = activate(biased, bound, activation);
  }
  return { values, bounds };
}

function ones({ rows }: HostPanels): Float32Array<ArrayBuffer> {
  return new Float32Array(rows).fill(1);
}

function gamma(n: number, unit: number): number {
  return (n * unit) / (1 - n * unit);
}

/**
 * An activation and what its argument's error and its own make of the bound. WGSL's exp is within 3 + 2|x| units in the
 * last place, so e^x is within (3 + 2|x|) · 2u · e^x, and for x ≤ 0 within 8u; the steps around it are a few more.
 */
function activate(x: number, bound: number, activation: Activation | undefined): [value: number, bound: number] {
  switch (activation) {
    case undefined:
      return [x, bound];
    case 'tanh':
      return [Math.tanh(x), bound + 24 * u + smallestNormal];
    case 'gelu-tanh': {
      const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
      // Rounding the argument of the exponential moves the quotient by y · |y'| ≤ 0.6 of it at most.
      return [x / (1 + Math.exp(-2 * inner)), 1.13 * bound + 32 * u * Math.abs(x) + smallestNormal];
    }
    case 'gelu':
      // 7.1.26 is within 1.5e-7, halved here. The slope is at most 1.13.
      return [(x * erfc(-x / Math.SQRT2)) / 2, 1.13 * bound + (0.75e-7 + 32 * u) * Math.abs(x) + smallestNormal];
  }
}

/** The complementary error function in float64: its series near zero, its continued fraction far from it. */
function erfc(x: number): number {
  const z = Math.abs(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n++) {
      term *= -(z * z) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let fraction = z;
  for (let n = 120; n > 0; n--) fraction = z + n / 2 / fraction;
  const tail = Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
  return x > 0 ? tail : 2 - tail;
}
