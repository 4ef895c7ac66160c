/** By what the pixels between which a new one lies are weighed. */
export type ResizeFilter = 'bilinear' | 'bicubic';

/** Which pixels of an axis make up each of its new ones, and by how much. */
export interface AxisWeights {
  /** Weights of one new pixel; those past its count are 0. */
  readonly taps: number;
  /** The first pixel that each new one is made of. */
  readonly first: Uint32Array<ArrayBuffer>;
  readonly count: Uint32Array<ArrayBuffer>;
  /** Row-major `new pixels × taps`; those of a new pixel add up to 1. */
  readonly weights: Float64Array<ArrayBuffer>;
}

/** Keys's parameter. */
const A = -0.5;

const filters: Readonly<Record<ResizeFilter, { readonly support: number; readonly at: (x: number) => number }>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: cubic },
};

/** Cubic convolution: Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981, equation 4. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
}

/**
 * The weights of the new pixels from `start` up to `start + count`, where an axis of `from` pixels becomes one of `to`.
 *
 * The filter is centred on the new pixel's centre, and where the axis shrinks it is stretched by the ratio, so that each
 * pixel counts (antialiasing). What lies beyond the edge is left out, and the rest weighed up to 1.
 */
export function axisWeights(
  filter: ResizeFilter,
  from: number,
  to: number,
  { start = 0, count = to }: { readonly start?: number; readonly count?: number } = {},
): AxisWeights {
  const { support, at } = filters[filter];
  const ratio = from / to;
  const stretch = Math.max(1, ratio);
  const reach = support * stretch;
  const taps = 2 * Math.ceil(reach) + 1;
  const axis = { taps, first: new Uint32Array(count), count: new Uint32Array(count) };
  const weights = new Float64Array(count * taps);
  for (let pixel = 0; pixel < count; pixel++) {
    const centre = (start + pixel + 0.5) * ratio;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const own = weights.subarray(pixel * taps, pixel * taps + end - first);
    let sum = 0;
    for (let tap = 0; tap < own.length; tap++) {
      const weight = at((first + tap - centre + 0.5) / stretch);
      own[tap] = weight;
      sum += weight;
    }
    for (const [tap, weight] of own.entries()) own[tap] = weight / sum;
    axis.first[pixel] = first;
    axis.count[pixel] = own.length;
  }
  return { ...axis, weights };
}
