import type { ResizeCall } from './resize.ts';
import { type AxisWeights, axisWeights } from './weights.ts';

/** What `resize` computes of one image, in float64, and how far the kernel may be from it. */
export interface ResizeReference {
  /** 3 × height × width: the plane of each channel. */
  readonly values: Float64Array<ArrayBuffer>;
  readonly bounds: Float64Array<ArrayBuffer>;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** By which Pillow's weights of 22 binary places are off. */
const weightError = 2 ** -23;

/** A weighted sum, and what its error may be. */
interface Weighed {
  readonly value: number;
  readonly error: number;
}

/**
 * Both passes without any rounding, then normalised; with rounding to bytes, what each gives is cut off at 0 and 255.
 * `pixels` are the bytes of one image.
 *
 * The bound with rounding `none` is γ_(n + 1) of the magnitudes that are added, n products of a float32 weight, in each
 * pass. With `bytes` a pass rounds by one half, and its weights are off by 2⁻²³ each. What a pass was given wrong, it
 * passes on by its weights.
 */
export function resizeReference(pixels: Uint8Array, call: Omit<ResizeCall, 'output'>): ResizeReference {
  const { images, size, rounding = 'bytes', filter = 'bicubic', mean = [0, 0, 0], std = [1, 1, 1] } = call;
  const { width, channels } = images;
  const crop = call.crop ?? { left: 0, top: 0, ...size };
  const columns = axisWeights(filter, width, size.width, { start: crop.left, count: crop.width });
  const rows = axisWeights(filter, images.height, size.height, { start: crop.top, count: crop.height });
  const whole = rounding === 'bytes';
  const middles = Array.from({ length: 3 * images.height * crop.width }, (_, at): Weighed => {
    const [channel, row, x] = placeOf(at, images.height, crop.width);
    return weigh(columns, x, whole, (column) => ({
      value: pixels[(row * width + column) * channels + channel] ?? 0,
      error: 0,
    }));
  });
  const values = new Float64Array(3 * crop.width * crop.height);
  const bounds = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const [channel, y, x] = placeOf(at, crop.height, crop.width);
    const { value, error } = weigh(
      rows,
      y,
      whole,
      (row) => middles[(channel * images.height + row) * crop.width + x] ?? { value: Number.NaN, error: 0 },
    );
    const deviation = std[channel] ?? 1;
    const [scale, shift] = [1 / (255 * deviation), (mean[channel] ?? 0) / deviation];
    values[at] = value * scale - shift;
    bounds[at] = error * scale + 4 * u * (Math.abs(value * scale) + Math.abs(shift)) + 2 ** -126;
  }
  return { values, bounds };
}

function placeOf(at: number, height: number, width: number): readonly [channel: number, y: number, x: number] {
  return [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
}

function weigh(axis: AxisWeights, pixel: number, whole: boolean, of: (from: number) => Weighed): Weighed {
  const count = axis.count[pixel] ?? 0;
  const gamma = ((count + 1) * u) / (1 - (count + 1) * u);
  let sum = 0;
  let error = whole ? 0.5 : 0;
  for (let tap = 0; tap < count; tap++) {
    const weight = axis.weights[pixel * axis.taps + tap] ?? 0;
    const { value, error: before } = of((axis.first[pixel] ?? 0) + tap);
    sum += weight * value;
    error += Math.abs(weight) * before;
    error += whole ? 255 * weightError : gamma * Math.abs(weight) * (Math.abs(value) + before);
  }
  return { value: whole ? Math.min(255, Math.max(0, sum)) : sum, error };
}
