import type { ExecutionContext } from 'ava';
import { gemmReference, type GemmReferenceOptions } from '../../kernels/gemm/reference.ts';
import { gemm, gemmTiers, packPanels, type GemmTier, type HostPanels, type Launcher } from '../../kernels/index.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { uploadPanels } from './panel-calls.ts';
import { bits, reals } from './vectors.ts';

const seed = 20261124;
const types = ['f32', 'f16', 'i8'] as const;
type Floats = Float32Array<ArrayBuffer>;

/** One dimension at a time leaves a control. Tiles of scores have tests of their own (dot). */
const shapes: Readonly<Record<GemmTier, readonly (readonly [m: number, n: number, k: number])[]>> = {
  tile: [
    [2, 65, 16],
    [32, 64, 17],
    [31, 129, 9],
  ],
  matrix: [
    [2, 65, 16],
    ...[1, 7, 8, 9, 63, 64, 65, 127, 385].map((k) => [2, 65, k] as const),
    ...[1, 3, 63, 64, 127, 128, 129].map((n) => [2, n, 40] as const),
    ...[1, 16, 17, 64, 65, 128, 129].map((m) => [m, 70, 40] as const),
  ],
};

async function runGemm(
  launcher: Launcher,
  a: HostPanels,
  b: HostPanels,
  { tier, bias, activation }: GemmReferenceOptions,
): Promise<Floats> {
  using left = await uploadPanels(launcher, a);
  using right = await uploadPanels(launcher, b);
  using added = await launcher.upload(bias ?? new Float32Array(0));
  using output = await launcher.scratch(a.rows * b.rows * 4);
  using plan = await gemm.plan(launcher, {
    a: left.panels,
    b: right.panels,
    output: { buffer: output.buffer, rows: a.rows, columns: b.rows },
    tier,
    ...(bias !== undefined && { bias: { buffer: added.buffer, rows: 1, columns: b.rows } }),
    ...(activation !== undefined && { activation }),
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(output.buffer, a.rows * b.rows)]);
  return new Float32Array(bytes!);
}

async function agrees(
  t: ExecutionContext,
  launcher: Launcher,
  a: HostPanels,
  b: HostPanels,
  options: GemmReferenceOptions,
): Promise<void> {
  const { values, bounds } = gemmReference(a, b, options);
  const actual = await runGemm(launcher, a, b, options);
  t.is(actual.length, values.length);
  const wrong = values.findIndex((value, at) => {
    const got = actual[at] ?? NaN;
    return Number.isFinite(value) ? !(Math.abs(got - value) <= (bounds[at] ?? 0)) : !Object.is(got, value);
  });
  const what = `${a.type} ${options.tier} ${a.rows} × ${b.rows} × ${a.dims}`;
  t.is(wrong, -1, `${what}, ${wrong}: expected ${values[wrong]} ± ${bounds[wrong]}, got ${actual[wrong]}`);
}

function panelsOf(type: HostPanels['type'], from: number, rows: number, dims: number, factor: number = 1): HostPanels {
  return packPanels(
    reals(from, rows * dims).map((value) => value * factor),
    { type, columns: dims },
  );
}

/**
 * Each type by each tier that the device has for it. Lavapipe compiles a tile for a quarter of a minute: it has one, and the
 * others of `dot`, which are the same.
 */
function cases({ device }: Launcher): { type: (typeof types)[number]; tier: GemmTier }[] {
  const slow = device.adapterInfo.description.includes('llvmpipe');
  return types
    .flatMap((type) => gemmTiers(device, type).map((tier) => ({ type, tier })))
    .filter(({ type, tier }) => !slow || tier !== 'tile' || type === 'i8');
}

onEveryGpu('gemm', (check) => {
  check('subgroup matrices are used where the device has them in one size of subgroups', async (t, { device }) => {
    const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
    const has = device.features.has('chromium-experimental-subgroup-matrix');
    const tiers = has && subgroupMinSize === subgroupMaxSize ? ['matrix', 'tile'] : ['tile'];
    t.deepEqual(gemmTiers(device, 'f16'), tiers);
    t.deepEqual(gemmTiers(device, 'i8'), tiers);
    t.deepEqual(gemmTiers(device, 'f32'), ['tile']);
    t.deepEqual(gemmTiers(device, 'b1'), []);
  });

  check('products at the edges of tiles are within the bound of the float64 reference', async (t, launcher) => {
    for (const { type, tier } of cases(launcher)) {
      for (const [index, [m, n, k]] of shapes[tier].entries()) {
        await agrees(t, launcher, panelsOf(type, seed + index, m, k), panelsOf(type, seed - index - 1, n, k), { tier });
      }
    }
  });

  check('bias and activations are within the bounds of their functions', async (t, launcher) => {
    const bias = reals(seed, 70);
    for (const { type, tier } of cases(launcher)) {
      const [a, b] = [panelsOf(type, seed, 20, 40, 3), panelsOf(type, ~seed, 70, 40)];
      await agrees(t, launcher, a, b, { tier, bias });
      for (const activation of ['gelu', 'gelu-tanh', 'tanh'] as const) {
        await agrees(t, launcher, a, b, { tier, bias, activation });
        if (type === 'f32') await agrees(t, launcher, panelsOf(type, seed, 20, 40, 1e4), b, { tier, activation });
      }
    }
  });

  check('NaN and infinities come through, and stay in their row and column', async (t, launcher) => {
    const floats = cases(launcher).filter(({ type }) => type !== 'i8');
    if (floats.length === 0) t.pass('This device has the tile of bytes alone.');
    for (const { type, tier } of floats) {
      const [left, right] = [reals(seed, 20 * 24), reals(~seed, 70 * 24).map(Math.abs)];
      left.set([NaN, Infinity, -Infinity], 5 * 24);
      left.fill(Infinity, 9 * 24, 9 * 24 + 3);
      right.set([Infinity], 69 * 24);
      const [a, b] = [left, right].map((rows) => packPanels(rows, { type, columns: 24 })) as [HostPanels, HostPanels];
      await agrees(t, launcher, a, b, { tier });
    }
  });

  check('more tiles than one dimension of a dispatch can count are all computed', async (t, launcher, { narrow }) => {
    for (const { type, tier } of cases(launcher)) {
      const [a, b] = [panelsOf(type, seed, 3, 8), panelsOf(type, ~seed, 7 * 128 + 3, 8)];
      const expected = await runGemm(launcher, a, b, { tier });
      t.deepEqual(bits(await runGemm(narrow, a, b, { tier })), bits(expected));
    }
  });

  check('the same call gives the same bits, and integers the same by every tier', async (t, launcher) => {
    for (const { type, tier } of cases(launcher)) {
      const [a, b] = [panelsOf(type, seed, 30, 37), panelsOf(type, ~seed, 100, 37)];
      const first = await runGemm(launcher, a, b, { tier });
      t.deepEqual(bits(await runGemm(launcher, a, b, { tier })), bits(first));
      if (type === 'i8') t.deepEqual(bits(await runGemm(launcher, a, b, { tier: 'tile' })), bits(first));
    }
  });

  check('no rows is an empty answer; what is no product is refused by name', async (t, launcher) => {
    t.is((await runGemm(launcher, panelsOf('f32', 1, 0, 4), panelsOf('f32', 1, 3, 4), { tier: 'tile' })).length, 0);
    using lease = await launcher.scratch(4096);
    const { buffer } = lease;
    const panels = { buffer, type: 'f32', rows: 2, dims: 4 } as const;
    const good = { a: panels, b: panels, output: { buffer, rows: 2, columns: 2 } };
    const wrong = [
      { call: { ...good, a: { ...panels, type: 'b1' } as const }, message: /product of f32, f16, i8/ },
      { call: { ...good, tier: 'matrix' } as const, message: /tier that this device has for f32 \(tile\); got matrix/ },
      { call: { ...good, activation: 'relu' as never }, message: /gelu, gelu-tanh, tanh; got relu/ },
      { call: { ...good, bias: { buffer, rows: 2, columns: 1 } }, message: /bias to be 1 × 2; got 2 × 1/ },
      { call: { ...good, output: { buffer, rows: 1, columns: 2 } }, message: /output to be 2 × 2; got 1 × 2/ },
    ];
    for (const { call, message } of wrong) {
      await t.throwsAsync(gemm.plan(launcher, call), { name: 'KernelError', code: 'INPUT_INVALID', message });
    }
  });
});
