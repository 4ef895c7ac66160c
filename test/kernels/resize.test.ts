import type { ExecutionContext } from 'ava';
import { centreCrop, fitShorter, resize, type Launcher, type ResizeCall } from '../../kernels/index.ts';
import { resizeReference } from '../../kernels/resize/reference.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import pillow from './resize/pillow.json' with { type: 'json' };
import { bits } from './vectors.ts';

type Options = Omit<ResizeCall, 'images' | 'output'>;

interface Source {
  readonly width: number;
  readonly height: number;
  readonly channels?: 3 | 4;
  readonly count?: number;
}

/** The bytes that pillow.py makes; `sharp` are only 0 and 255, of which bicubic weights make values beyond both. */
function noise(seed: number, count: number, sharp = false): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const byte = state >>> 24;
    return sharp ? (byte > 127 ? 255 : 0) : byte;
  });
}

async function run(
  launcher: Launcher,
  pixels: Uint8Array,
  { channels = 3, count = 1, ...source }: Source,
  options: Options,
): Promise<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(pixels.length / 4));
  new Uint8Array(words.buffer).set(pixels);
  const { width, height } = options.crop ?? options.size;
  const columns = (3 * width * height) / (options.outputType === 'f16' ? 2 : 1);
  using sourceLease = await launcher.upload(words);
  using outputLease = await launcher.scratch(count * columns * 4);
  using plan = await resize.plan(launcher, {
    images: { buffer: sourceLease.buffer, count, channels, ...source },
    output: { buffer: outputLease.buffer, rows: count, columns },
    ...options,
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(outputLease.buffer, count * columns)]);
  return bytes!;
}

/** The values of one image, held to the reference within its bound and `slack` times the value. */
function agrees(
  t: ExecutionContext,
  actual: ArrayLike<number>,
  pixels: Uint8Array,
  source: Source,
  options: Options,
  slack = 0,
): void {
  // The reference looks at no buffer.
  const images = { count: 1, channels: 3, ...source } as ResizeCall['images'];
  const { values, bounds } = resizeReference(pixels, { images, ...options });
  t.is(actual.length, values.length);
  const wrong = values.findIndex(
    (value, at) => !(Math.abs((actual[at] ?? NaN) - value) <= (bounds[at] ?? 0) + slack * Math.abs(value)),
  );
  t.is(wrong, -1, `value ${wrong}: expected ${values[wrong]} within ${bounds[wrong]}, got ${actual[wrong]}`);
}

/** By which normalisation leaves bytes as they are. */
const asBytes = { std: [1 / 255, 1 / 255, 1 / 255] } as const;
const clip = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] } as const;
const filters = ['bilinear', 'bicubic'] as const;
const sizes = pillow.cases.map(({ seed, sharp, size: [width = 0, height = 0], to: [toWidth = 0, toHeight = 0] }) => ({
  pixels: noise(seed, 3 * width * height, sharp),
  source: { width, height },
  size: { width: toWidth, height: toHeight },
}));

onEveryGpu('resize', (check) => {
  check(`rounded to bytes, pixels are those of Pillow ${pillow.pillow}, every one`, async (t, launcher) => {
    for (const [at, { filter, bytes, ...shape }] of pillow.cases.entries()) {
      const { pixels, source, size } = sizes[at]!;
      const planes = new Float32Array(
        await run(launcher, pixels, source, { size, filter: filter as 'bilinear' | 'bicubic', ...asBytes }),
      );
      const expected = Buffer.from(bytes, 'base64');
      const actual = Buffer.from(
        expected.map((_, byte) => planes[(byte % 3) * (expected.length / 3) + Math.floor(byte / 3)] ?? 0),
      );
      t.deepEqual(actual, expected, `${JSON.stringify(shape)} ${filter}`);
    }
  });

  check('with either rounding, values are within the bound of the float64 reference', async (t, launcher) => {
    for (const { pixels, source, size } of sizes) {
      for (const filter of filters) {
        for (const rounding of ['bytes', 'none'] as const) {
          const options = { size, filter, rounding, ...clip };
          agrees(t, new Float32Array(await run(launcher, pixels, source, options)), pixels, source, options);
        }
      }
    }
  });

  check('a crop is that part of the whole, bit for bit, and a fourth channel is passed over', async (t, launcher) => {
    const source = { width: 40, height: 30 };
    const rgb = noise(1, 3 * 40 * 30);
    const rgba = Uint8Array.from({ length: 4 * 40 * 30 }, (_, at) =>
      at % 4 === 3 ? at % 251 : (rgb[Math.floor(at / 4) * 3 + (at % 4)] ?? 0),
    );
    const size = fitShorter(source, 12);
    t.deepEqual(size, { width: 16, height: 12 });
    const crop = centreCrop(size, { width: 11, height: 11 });
    t.deepEqual(crop, { left: 2, top: 0, width: 11, height: 11 });
    for (const rounding of ['bytes', 'none'] as const) {
      const whole = new Float32Array(await run(launcher, rgb, source, { size, rounding, ...clip }));
      const expected = Float32Array.from({ length: 3 * 11 * 11 }, (_, at) => {
        const [channel, y, x] = [Math.floor(at / 121), Math.floor(at / 11) % 11, at % 11];
        return whole[channel * 16 * 12 + y * 16 + x + 2] ?? NaN;
      });
      for (const [pixels, channels] of [
        [rgb, 3],
        [rgba, 4],
      ] as const) {
        const options = { size, crop, rounding, ...clip };
        const actual = new Float32Array(await run(launcher, pixels, { ...source, channels }, options));
        t.deepEqual(bits(actual), bits(expected));
      }
    }
  });

  check('halves are the neighbours of the values, two a word', async (t, launcher) => {
    const [pixels, source] = [noise(2, 3 * 20 * 14), { width: 20, height: 14 }];
    const options = { size: { width: 5, height: 6 }, outputType: 'f16', rounding: 'none', ...clip } as const;
    const halves = new Float16Array(await run(launcher, pixels, source, options));
    // WGSL allows either neighbour, so that a half is off by up to 2⁻¹⁰.
    agrees(t, halves, pixels, source, options, 2 ** -10);
    await t.throwsAsync(run(launcher, pixels, source, { ...options, size: { width: 5, height: 5 } }), {
      code: 'INPUT_INVALID',
      message: /even number of pixels for f16; got 25/,
    });
  });

  check('images of one call are as each alone, though they begin within words', async (t, launcher) => {
    const source = { width: 7, height: 5 };
    const pixels = noise(3, 3 * 3 * 35);
    const options = { size: { width: 4, height: 3 }, ...clip };
    const together = new Float32Array(await run(launcher, pixels, { ...source, count: 3 }, options));
    for (const image of [0, 1, 2]) {
      const alone = await run(launcher, pixels.subarray(image * 105, (image + 1) * 105), source, options);
      t.deepEqual(bits(together.slice(image * 36, (image + 1) * 36)), bits(new Float32Array(alone)));
    }
    t.is((await run(launcher, new Uint8Array(0), { ...source, count: 0 }, options)).byteLength, 0);
  });

  check('more workgroups than one dimension counts make the same', async (t, launcher, { narrow }) => {
    const [pixels, source] = [noise(4, 3 * 30 * 30), { width: 30, height: 30 }];
    const options = { size: { width: 24, height: 25 }, ...clip };
    const expected = new Float32Array(await run(launcher, pixels, source, options));
    t.deepEqual(bits(new Float32Array(await run(narrow, pixels, source, options))), bits(expected));
  });

  check('sizes and crops that are none are refused', async (t, launcher) => {
    const [pixels, source, size] = [noise(5, 3 * 6), { width: 3, height: 2 }, { width: 4, height: 4 }];
    const wrong = [
      [source, { size: { width: 0, height: 4 } }],
      [source, { size: { width: 1.5, height: 4 } }],
      [{ width: 0, height: 2 }, { size }],
      [{ width: 300, height: 200 }, { size }],
      [source, { size, crop: { left: 1, top: 0, width: 4, height: 4 } }],
      [source, { size, crop: { left: -1, top: 0, width: 4, height: 4 } }],
    ] as const;
    for (const [image, options] of wrong) {
      await t.throwsAsync(run(launcher, pixels, image, options), { code: 'INPUT_INVALID' });
    }
  });
});
