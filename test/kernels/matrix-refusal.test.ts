import test from 'ava';
import { openGpu, resolveDevice } from '../../core/device/index.ts';
import { swiftShaderMissing } from '../../core/device/swiftshader.ts';
import { matricesFor, openLauncher, packPanels, TILE_SHAPES } from '../../kernels/index.ts';
import { askTopk, difference } from './topk-calls.ts';
import { bits, reals } from './vectors.ts';

const missing = swiftShaderMissing();
const seed = 20261124;
const dims = 40;

(missing === undefined ? test : test.skip)(
  `where the driver refuses what its features promise, tiles choose, and tensor cores are not tried again${missing === undefined ? '' : `, but not on this machine: ${missing.reason}`}`,
  async (t) => {
    t.timeout(60_000);
    await using gpu = await openGpu(await resolveDevice('software'));
    const { gpuDevice: device } = gpu;
    // It has neither; a program that multiplies matrices does not compile.
    const config = { M: 8, N: 8, K: 8, componentType: 'f16', resultComponentType: 'f32' };
    Object.defineProperties(device, {
      features: { value: new Set([...device.features, 'shader-f16', 'chromium-experimental-subgroup-matrix']) },
      adapterInfo: { value: { subgroupMinSize: 4, subgroupMaxSize: 4, subgroupMatrixConfigs: [config] } },
    });
    await using launcher = openLauncher(device);
    const panels = (rows: number, from: number) =>
      packPanels(reals(from, rows * dims), { type: 'f16', columns: dims, normalize: true });
    const [queries, items] = [panels(20, seed), panels(200, ~seed)];
    const asked = { queries, items: [items], metric: 'cosine', k: 7 } as const;
    const promised = { type: 'f16', metric: 'cosine', normalized: true } as const;

    t.truthy(matricesFor(device, promised, 20));
    const expected = await askTopk(launcher, { ...asked, shape: TILE_SHAPES.stream8 });
    const actual = await askTopk(launcher, { ...asked, normalized: true });
    t.is(difference(actual.rows, expected.rows), -1);
    t.is(difference(bits(actual.scores), bits(expected.scores)), -1);
    t.is(matricesFor(device, promised, 20), undefined);
  },
);
