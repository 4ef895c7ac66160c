/** Matrix products, by each tier that the device has. */
import { samplePanels } from '../../../kernels/autotune/sample.ts';
import { gemm, gemmTiers } from '../../../kernels/index.ts';
import { gemmReference } from '../../../kernels/gemm/reference.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, readPanels, requireClose, submitted } from './memory.ts';

const CHECKED = { m: 40, n: 70, k: 96 };

/** output of m × n, sums of k products. */
export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export async function benchProducts(bench: GpuBench, sizes: ProductSizes, ceilings: Ceilings): Promise<void> {
  const { launcher } = bench;
  const { m, n, k } = sizes;
  for (const type of ['f32', 'f16'] as const) {
    for (const tier of gemmTiers(launcher.device, type)) {
      using a = await samplePanels(launcher, { type, dims: CHECKED.k, rows: CHECKED.m });
      using b = await samplePanels(launcher, { type, dims: CHECKED.k, rows: CHECKED.n });
      const checked = await matrix(launcher, CHECKED.m, CHECKED.n);
      await submitted(launcher, gemm, { a: a.panels, b: b.panels, output: checked, tier });
      const [left, right] = [await readPanels(launcher, a.panels), await readPanels(launcher, b.panels)];
      const { values, bounds } = gemmReference(left, right, { tier });
      requireClose(`gemm of ${type}, ${tier}`, new Float32Array(await read(launcher, checked)), values, bounds);
      checked.buffer.destroy();

      using tall = await samplePanels(launcher, { type, dims: k, rows: m });
      using wide = await samplePanels(launcher, { type, dims: k, rows: n });
      const output = await matrix(launcher, m, n);
      const work = {
        bytes: tall.panels.buffer.size + wide.panels.buffer.size + m * n * 4,
        flops: 2 * m * n * k,
        matrices: tier === 'matrix',
      };
      const call = { a: tall.panels, b: wide.panels, output, tier };
      await bench.kernel(gemm, call, `${m} × ${n} × ${k} ${type}, ${tier}`, work, ceilings);
      output.buffer.destroy();
    }
  }
}
