import type { Kernel, Lease, Matrix, Span, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import type { Crop, Size } from './geometry.ts';
import { type Rounding, tableOf } from './table.ts';
import { axisWeights, type ResizeFilter } from './weights.ts';

/** Images of one size in a GPU buffer, without gaps: rows from the top, pixels from the left, a byte a channel. */
export interface Images extends Size {
  readonly buffer: GPUBuffer;
  /** In bytes, a multiple of 256. Default: 0. */
  readonly offset?: number;
  readonly count: number;
  /** Red, green and blue; a fourth is passed over. */
  readonly channels: 3 | 4;
}

/** Red, green and blue. */
export type Rgb = readonly [red: number, green: number, blue: number];

export interface ResizeCall {
  readonly images: Images;
  /** What each image becomes as a whole. */
  readonly size: Size;
  /** The part of it that is written. Default: all. */
  readonly crop?: Crop;
  /** Default: `bicubic`. */
  readonly filter?: ResizeFilter;
  /**
   * `bytes` gives the very bytes that Pillow does, by its arithmetic: rounded to whole numbers and cut off at 0 and 255
   * after each pass. `none` keeps float32 throughout. Default: `bytes`.
   */
  readonly rounding?: Rounding;
  /** Taken from values that go from 0 to 1, which are then divided by `std`. Default: 0. */
  readonly mean?: Rgb;
  /** Default: 1. */
  readonly std?: Rgb;
  /** Written: float32, count × 3·h·w, in each row the plane of each channel; or halves, two a word, count × 3·h·w/2. */
  readonly output: Matrix;
  /** Default: `f32`. `f16` takes an even number of pixels. */
  readonly outputType?: 'f32' | 'f16';
}

const file = (name: string): URL => new URL(name, import.meta.url);
const arithmetic = { bytes: file('bytes.wgsl'), none: file('reals.wgsl') };

/**
 * Images become planes of floats of another size, as encoders of images take them: resized with antialiasing, cropped,
 * and normalised by channel.
 *
 * With rounding to bytes the pixels are those of Pillow's `Image.resize` (held against 13.0), bit for bit. Without, they are
 * within the bound that `resizeReference` gives beside its values.
 */
export const resize: Kernel<ResizeCall> = {
  name: 'resize',
  async plan(launcher, call) {
    const { images, output, rounding = 'bytes', outputType = 'f32' } = call;
    const crop = call.crop ?? { left: 0, top: 0, ...call.size };
    requireSizes(images, call.size, crop);
    const pixels = crop.width * crop.height;
    const pixelsEach = outputType === 'f16' ? 2 : 1;
    if (pixels % pixelsEach !== 0) {
      throw new KernelError('INPUT_INVALID', `Expected an even number of pixels for f16; got ${pixels}.`);
    }
    requireShape('output', output, images.count, (3 * pixels) / pixelsEach);
    const target = spanOf('output', output);
    const source = sourceSpan(images);
    if (images.count === 0) return planOf([]);

    const { filter = 'bicubic', size } = call;
    const columns = axisWeights(filter, images.width, size.width, { start: crop.left, count: crop.width });
    const rows = axisWeights(filter, images.height, size.height, { start: crop.top, count: crop.height });
    const firstRow = rows.first[0] ?? 0;
    const endRow = (rows.first.at(-1) ?? 0) + (rows.count.at(-1) ?? 0);
    const middleRows = endRow - firstRow;
    const [horizontal, vertical] = await Promise.all([
      launcher.pipeline({
        files: [arithmetic[rounding], file('horizontal.wgsl')],
        constants: { CHANNELS: images.channels },
      }),
      launcher.pipeline({ files: [arithmetic[rounding], file('vertical.wgsl')], constants: { PIXELS: pixelsEach } }),
    ]);
    using leases = new DisposableStack();
    const held = async (leasing: Promise<Lease>, size: number): Promise<Span> => {
      const { buffer } = leases.use(await leasing);
      return { buffer, offset: 0, size };
    };
    const columnTable = tableOf(columns, rounding, 0);
    const rowTable = tableOf(rows, rounding, firstRow);
    const middleBytes = images.count * middleRows * crop.width * (rounding === 'bytes' ? 4 : 16);
    const columnSpan = await held(launcher.upload(columnTable), columnTable.byteLength);
    const rowSpan = await held(launcher.upload(rowTable), rowTable.byteLength);
    const middles = await held(launcher.scratch(middleBytes), middleBytes);
    const { width, height } = images;
    const steps: readonly Step[] = [
      {
        pipeline: horizontal,
        bindings: [source, columnSpan, middles],
        immediates: Uint32Array.of(width, height, firstRow, middleRows, crop.width, columns.taps + 2),
        workgroups: launcher.grid(Math.ceil((middleRows * crop.width) / 64), images.count),
      },
      {
        pipeline: vertical,
        bindings: [middles, rowSpan, target],
        immediates: verticalImmediates(middleRows, crop, rows.taps + 2, call),
        workgroups: launcher.grid(Math.ceil(pixels / pixelsEach / 64), images.count),
      },
    ];
    const owned = leases.move();
    return { steps, [Symbol.dispose]: () => owned.dispose() };
  },
};

/** float32 factors by which a byte becomes its normalised value: `byte × scale + shift`. */
export function normalization({ mean = [0, 0, 0], std = [1, 1, 1] }: Pick<ResizeCall, 'mean' | 'std'>): {
  readonly scale: Float32Array<ArrayBuffer>;
  readonly shift: Float32Array<ArrayBuffer>;
} {
  return {
    scale: Float32Array.from(std, (each) => 1 / (255 * each)),
    shift: Float32Array.from(std, (each, channel) => -(mean[channel] ?? 0) / each),
  };
}

function verticalImmediates(
  middleRows: number,
  { width, height }: Size,
  stride: number,
  call: ResizeCall,
): Uint32Array<ArrayBuffer> {
  const { scale, shift } = normalization(call);
  const immediates = new Uint32Array(10);
  immediates.set([middleRows, width, height, stride]);
  new Float32Array(immediates.buffer).set([...scale, ...shift], 4);
  return immediates;
}

function sourceSpan({ buffer, offset = 0, count, width, height, channels }: Images): Span {
  const bytes = count * width * height * channels;
  return spanOf('images', { buffer, offset, rows: Math.ceil(bytes / 4), columns: 1 });
}

function requireSizes(images: Images, size: Size, crop: Crop): void {
  const positive = [images.width, images.height, size.width, size.height, crop.width, crop.height];
  const whole = [images.count, crop.left, crop.top];
  if (
    positive.some((side) => !Number.isInteger(side) || side < 1) ||
    whole.some((at) => !Number.isInteger(at) || at < 0)
  ) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected images, a size and a crop of whole pixels, 1 or more; got ${images.count} of ${text(images)}, ${text(size)} and ${text(crop)} from (${crop.left}, ${crop.top}).`,
    );
  }
  if (crop.left + crop.width > size.width || crop.top + crop.height > size.height) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected a crop within ${text(size)}; got ${text(crop)} from (${crop.left}, ${crop.top}).`,
    );
  }
}

function text({ width, height }: Size): string {
  return `${width} × ${height}`;
}
