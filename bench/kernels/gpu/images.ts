/** Images as encoders take them. */
import { centreCrop, fitShorter, resize } from '../../../kernels/index.ts';
import { resizeReference } from '../../../kernels/resize/reference.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, requireClose, submitted } from './memory.ts';

const EDGE = 224;

export interface ImageSizes {
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

export async function benchImages(
  bench: GpuBench,
  { count, width, height }: ImageSizes,
  ceilings: Ceilings,
  random: () => number,
): Promise<void> {
  const { launcher } = bench;
  const pixels = Uint8Array.from({ length: 3 * width * height }, () => Math.floor(random() * 256));
  const words = (count * pixels.length) / 4;
  const source = await matrix(launcher, words, 1, new Uint32Array(pixels.buffer));
  const size = fitShorter({ width, height }, EDGE);
  const crop = centreCrop(size, { width: EDGE, height: EDGE });
  for (const rounding of ['bytes', 'none'] as const) {
    const output = await matrix(launcher, count, 3 * EDGE * EDGE);
    const images = { buffer: source.buffer, count, width, height, channels: 3 } as const;
    const call = { images, size, crop, rounding, output };
    await submitted(launcher, resize, call);
    const { values, bounds } = resizeReference(pixels, call);
    requireClose('resize', new Float32Array(await read(launcher, output)), values, bounds);
    const shape = `${count} images of ${width} × ${height} to ${EDGE} × ${EDGE}, bicubic, rounding ${rounding}`;
    const bytes =
      count * (pixels.length * (crop.width / size.width) * (crop.height / size.height) + output.columns * 4);
    await bench.kernel(resize, call, shape, { bytes }, ceilings);
    output.buffer.destroy();
  }
  source.buffer.destroy();
}
