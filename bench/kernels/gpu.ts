/** Each kernel on a GPU: against its float64 reference first, and then against what the device can do at most. */
import { openGpu } from '../../core/device/gpu.ts';
import type { Device } from '../../core/device/contract.ts';
import { openLauncher, openTimer } from '../../kernels/index.ts';
import type { Environment, Result } from '../harness/contract.ts';
import type { BenchOptions } from '../harness/options.ts';
import { seeded } from '../harness/random.ts';
import { GpuBench } from './gpu/bench.ts';
import { measureCeilings } from './gpu/ceilings.ts';
import { benchImages } from './gpu/images.ts';
import { benchProducts } from './gpu/products.ts';
import { benchScores } from './gpu/scores.ts';
import { benchSearch } from './gpu/search.ts';
import { benchTokens } from './gpu/tokens.ts';
import { benchVectors } from './gpu/vectors.ts';

const DIMS = 384;

/** Of the timed calls: an emulated GPU would take minutes over what a real one has done at once. */
function sizesOf({ software }: Device, quick: boolean) {
  if (software) {
    return {
      rows: 512,
      queries: [1, 8],
      images: { count: 1, width: 256, height: 240 },
      texts: 2,
      product: { m: 64, n: 64, k: 64 },
      corpus: 2048,
    };
  }
  return {
    rows: quick ? 100_000 : 1_000_000,
    queries: [1, 64, 1024],
    images: { count: quick ? 16 : 64, width: 1920, height: 1080 },
    product: { m: 4096, n: 4096, k: 1024 },
    texts: quick ? 256 : 2048,
    corpus: quick ? 1_000_000 : 10_000_000,
  };
}

export async function benchGpu(
  device: Device,
  { quick, peers, seed }: BenchOptions,
  environment: Environment,
): Promise<Result[]> {
  await using gpu = await openGpu(device);
  await using launcher = openLauncher(gpu.gpuDevice);
  using timer = openTimer(launcher);
  const bench = new GpuBench({ launcher, timer, environment, rounds: quick ? 5 : 9 });
  const random = seeded(seed);
  const { rows, queries, images, texts, product, corpus } = sizesOf(device, quick);
  const ceilings = await measureCeilings(bench, device.software);
  await benchVectors(bench, { rows, dims: DIMS }, ceilings, random);
  await benchScores(bench, { items: rows, dims: DIMS, queries }, ceilings);
  await benchProducts(bench, product, ceilings);
  await benchTokens(bench, texts, ceilings, random);
  await benchImages(bench, images, ceilings, random);
  await benchSearch(bench, { count: corpus, queries }, { seed, peers }, ceilings);
  return bench.results;
}
