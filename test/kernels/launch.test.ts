import test, { type ExecutionContext } from 'ava';
import { openGpu, resolveDevice, type Gpu } from '../../core/device/index.ts';
import { swiftShaderMissing } from '../../core/device/swiftshader.ts';
import { KernelError, openLauncher, sizeLimit, type Program } from '../../kernels/index.ts';
import { spread } from '../../kernels/launch/grid.ts';
import { spanOfValues } from './calls.ts';

const missing = swiftShaderMissing();
function withGpu(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (missing === undefined) test.serial(title, body);
  else test.skip(`${title}, but not on this machine: ${missing.reason}`, body);
}
const software = async (): Promise<Gpu> => openGpu(await resolveDevice('software'));
const fixture = (name: string): URL => new URL(`fixtures/${name}`, import.meta.url);
const program = (FACTOR: number): Program => ({ files: [fixture('store.wgsl')], constants: { FACTOR } });

test('workgroups are spread over two dimensions only where one is too short, and never too few', (t) => {
  t.deepEqual(spread(1, 1, 65_535), [1, 1, 1]);
  t.deepEqual(spread(65_535, 7, 65_535), [65_535, 1, 7]);
  t.deepEqual(spread(65_536, 1, 65_535), [32_768, 2, 1]);
  for (const count of [3, 4, 5, 8, 9, 12, 13, 16]) {
    const [x, y] = spread(count, 1, 4);
    t.true(x <= 4 && y <= 4 && x * y >= count && x * (y - 1) < count);
  }
  t.throws(() => spread(17, 1, 4), { instanceOf: KernelError, code: 'INPUT_INVALID' });
  t.throws(() => spread(1, 5, 4), { code: 'INPUT_INVALID', message: /got 1 × 5/ });
});

withGpu('WGSL that does not compile is SHADER_INVALID with its file and line, whatever stands before it', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  const position = { file: 'broken.wgsl', line: 4, column: 15 };
  const first = fixture('store.wgsl');
  const broken = fixture('broken.wgsl');
  for (const wrong of [{ files: [broken] }, { files: [first, broken], constants: { FACTOR: 1, OTHER: 2 } }]) {
    const error = await t.throwsAsync(launcher.pipeline(wrong), { instanceOf: KernelError, code: 'SHADER_INVALID' });
    t.deepEqual(error?.position, position);
    t.regex(error?.message ?? '', /^broken\.wgsl:4:15: missing initializer/);
  }
  await t.throwsAsync(launcher.pipeline({ files: [fixture('none.wgsl')] }), {
    code: 'SHADER_INVALID',
    message: /none\.wgsl can't be read/,
  });
  gpu.check();
});

withGpu('directives may stand in any file of a program, and move no line of it', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  const requires = fixture('requires.wgsl');
  const constants = { FACTOR: 1 };
  await launcher.pipeline({ files: [fixture('store.wgsl'), requires], constants });
  await launcher.pipeline({ files: [requires, fixture('store.wgsl')], constants });
  const error = await t.throwsAsync(launcher.pipeline({ files: [requires, fixture('broken.wgsl')], constants }), {
    instanceOf: KernelError,
  });
  t.deepEqual(error?.position, { file: 'broken.wgsl', line: 4, column: 15 });
});

withGpu('a program is compiled once on a device for each specialisation', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  await using other = openLauncher(gpu.gpuDevice);
  const one = await launcher.pipeline(program(1));
  t.is(await launcher.pipeline(program(1)), one);
  t.is(await other.pipeline(program(1)), one);
  t.not(await launcher.pipeline(program(2)), one);
});

withGpu('steps run in order, each seeing what those before it wrote', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  const pipeline = await launcher.pipeline(program(10));
  using lease = await launcher.upload(Uint32Array.of(0, 77));
  const span = spanOfValues(lease.buffer, 2);
  const steps = [1, 2, 3].map((value) => ({
    pipeline,
    bindings: [span],
    immediates: Uint32Array.of(value),
    workgroups: [1, 1, 1] as const,
  }));
  const empty = { ...span, size: 0 };
  const [none, both] = await launcher.submit(steps, [empty, span]);
  t.is(none?.byteLength, 0);
  t.deepEqual([...new Uint32Array(both!)], [123, 77]);
});

withGpu('a dispatch that the device refuses is DISPATCH_INVALID, and the launcher goes on', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  const pipeline = await launcher.pipeline(program(1));
  using lease = await launcher.upload(Uint32Array.of(0));
  const span = spanOfValues(lease.buffer, 1);
  const step = { pipeline, bindings: [span], immediates: Uint32Array.of(5), workgroups: [1, 1, 1] as const };
  const wrong = [
    { ...step, bindings: [] },
    { ...step, bindings: [{ ...span, offset: 4 }] },
    { ...step, workgroups: [65_536, 1, 1] as const },
  ];
  for (const each of wrong) {
    const error = await t.throwsAsync(launcher.submit([each], [span]), { instanceOf: KernelError });
    t.is(error?.code, 'DISPATCH_INVALID');
    t.regex(error?.message ?? '', /^store\.wgsl: /);
  }
  t.deepEqual([...new Uint32Array((await launcher.submit([step], [span]))[0]!)], [5]);
  gpu.check();
});

withGpu('memory beyond the limits of the device is refused before it is asked for', async (t) => {
  await using gpu = await software();
  await using launcher = openLauncher(gpu.gpuDevice);
  const limit = sizeLimit(gpu.gpuDevice);
  await t.throwsAsync(launcher.allocate(limit + 4), {
    code: 'BUFFER_TOO_LARGE',
    message: new RegExp(`got ${limit + 4}`),
  });
  await t.throwsAsync(launcher.scratch(limit + 4), { code: 'BUFFER_TOO_LARGE' });
  for (const bytes of [-1, 1.5, NaN]) await t.throwsAsync(launcher.allocate(bytes), { code: 'INPUT_INVALID' });
  const smallest = await launcher.allocate(0);
  t.is(smallest.size, 4);
  smallest.destroy();
  gpu.check();
});

withGpu('a device that is destroyed amid calls is DEVICE_LOST, and a new one works', async (t) => {
  for (const round of [1, 2]) {
    await using gpu = await software();
    await using launcher = openLauncher(gpu.gpuDevice);
    const pipeline = await launcher.pipeline(program(1));
    using lease = await launcher.upload(Uint32Array.of(0));
    const span = spanOfValues(lease.buffer, 1);
    const step = { pipeline, bindings: [span], immediates: Uint32Array.of(round), workgroups: [1, 1, 1] as const };
    t.deepEqual([...new Uint32Array((await launcher.submit([step], [span]))[0]!)], [round]);
    const running = launcher.submit([step], [span]);
    const expected = { instanceOf: KernelError, code: 'DEVICE_LOST', message: /Open it again/ };
    const rejected = t.throwsAsync(running, expected);
    gpu.gpuDevice.destroy();
    await rejected;
    await gpu.lost;
    await t.throwsAsync(launcher.submit([step], [span]), expected);
    await t.throwsAsync(launcher.pipeline(program(3)), expected);
    await t.throwsAsync(launcher.scratch(4), expected);
    await t.throwsAsync(launcher.allocate(4), expected);
  }
});

withGpu('disposal lets what runs finish, and refuses what comes after', async (t) => {
  await using gpu = await software();
  const launcher = openLauncher(gpu.gpuDevice);
  const pipeline = await launcher.pipeline(program(1));
  const lease = await launcher.upload(Uint32Array.of(0));
  const span = spanOfValues(lease.buffer, 1);
  const step = { pipeline, bindings: [span], immediates: Uint32Array.of(9), workgroups: [1, 1, 1] as const };
  const running = launcher.submit([step], [span]);
  await launcher[Symbol.asyncDispose]();
  t.deepEqual([...new Uint32Array((await running)[0]!)], [9]);
  const expected = { instanceOf: KernelError, code: 'DISPOSED' };
  await t.throwsAsync(launcher.submit([step], [span]), expected);
  await t.throwsAsync(launcher.scratch(4), expected);
  lease[Symbol.dispose]();
  await launcher[Symbol.asyncDispose]();
  gpu.check();
});

withGpu('an unknown option is refused by name', async (t) => {
  await using gpu = await software();
  t.throws(() => openLauncher(gpu.gpuDevice, { maxIdle: 1 } as object), {
    code: 'INPUT_INVALID',
    message: /got maxIdle/,
  });
});
