/** What no kernel can pass on this device, measured beside the kernels. */
import type { Launcher, Program, Step } from '../../../kernels/index.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

const file = (name: string): URL => new URL(name, import.meta.url);

export async function measureCeilings(bench: GpuBench, software: boolean): Promise<Ceilings> {
  const bytes = await copyRate(bench, software ? 2 ** 22 : 2 ** 30);
  const [threads, ITERATIONS] = software ? [2 ** 12, 64] : [2 ** 20, 4096];
  const chains = { threads, ITERATIONS };
  const flops = await chainRate(bench, 'float32 multiply and add', file('fma-f32.wgsl'), chains);
  const { device } = bench.launcher;
  const flopsOfHalves = device.features.has('shader-f16')
    ? await chainRate(bench, 'float16 multiply and add', file('fma-f16.wgsl'), chains)
    : bench.skip('ceiling: float16 multiply and add', 'the adapter has no shader-f16');
  const flopsOfMatrices = await matrixRate(bench, software);
  return {
    bytes,
    flops,
    ...(flopsOfHalves !== undefined && { flopsOfHalves }),
    ...(flopsOfMatrices !== undefined && { flopsOfMatrices }),
  };
}

/** The faster of the driver's copy and one of ours. */
async function copyRate(bench: GpuBench, wanted: number): Promise<number> {
  const { launcher } = bench;
  const { device } = launcher;
  const bytes = Math.min(
    wanted,
    device.limits.maxStorageBufferBindingSize - (device.limits.maxStorageBufferBindingSize % 16),
  );
  const [source, output] = [await launcher.allocate(bytes), await launcher.allocate(bytes)];
  // The driver's copy is no pass that could have timestamps: many of them hide what a submission costs.
  const times = 16;
  const copies = async (): Promise<void> => {
    const encoder = device.createCommandEncoder();
    for (let time = 0; time < times; time++) encoder.copyBufferToBuffer(source, 0, output, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  const question = 'ceiling: memory bandwidth';
  const driver = await bench.rate(question, 'copy by the driver', copies, 'GB/s', (2 * bytes * times) / 1e9);
  const step = await stepOf(
    launcher,
    { files: [file('copy.wgsl')] },
    [source, output],
    Uint32Array.of(bytes / 16),
    bytes / 16 / 256,
  );
  const own = await bench.rate(question, 'copy by a kernel', bench.timed([step]), 'GB/s', (2 * bytes) / 1e9);
  source.destroy();
  output.destroy();
  return Math.max(driver, own) * 1e9;
}

interface Chains {
  readonly threads: number;
  readonly ITERATIONS: number;
}

async function chainRate(
  bench: GpuBench,
  what: string,
  program: URL,
  { threads, ITERATIONS }: Chains,
): Promise<number> {
  const output = await bench.launcher.allocate(threads * 4);
  // Sums tend to 1, so that they neither overflow nor become subnormal.
  const immediates = new Uint32Array(Float32Array.of(0.5, 0.5).buffer);
  const step = await stepOf(
    bench.launcher,
    { files: [program], constants: { ITERATIONS } },
    [output],
    immediates,
    threads / 256,
  );
  const flops = 2 * 16 * ITERATIONS * threads;
  const rate = await bench.rate(`ceiling: ${what}`, 'chains', bench.timed([step]), 'GFLOP/s', flops / 1e9);
  output.destroy();
  return rate * 1e9;
}

async function matrixRate(bench: GpuBench, software: boolean): Promise<number | undefined> {
  const what = 'subgroup matrices, halves to float32';
  const { device } = bench.launcher;
  const info = device.adapterInfo as GPUAdapterInfo & { readonly subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const config = [...(info.subgroupMatrixConfigs ?? [])]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .toSorted((a, b) => b.M * b.N * b.K - a.M * a.N * a.K)[0];
  if (!device.features.has('chromium-experimental-subgroup-matrix') || config === undefined) {
    return bench.skip(`ceiling: ${what}`, 'the adapter has none');
  }
  const { M, N, K } = config;
  // One subgroup a workgroup.
  const THREADS = info.subgroupMaxSize ?? 32;
  const [workgroups, ITERATIONS] = software ? [16, 64] : [2 ** 15, 1024];
  const { launcher } = bench;
  const sources = await launcher.allocate(2 * K * Math.max(M, N));
  const output = await launcher.allocate(workgroups * 4 * M * N * 4);
  const program = { files: [file('matrix.wgsl')], constants: { M, N, K, THREADS, ITERATIONS } };
  const step = await stepOf(launcher, program, [sources, output], new Uint32Array(0), workgroups);
  const flops = 2 * M * N * K * 4 * ITERATIONS * workgroups;
  const rate = await bench.rate(`ceiling: ${what}`, `${M} × ${N} × ${K}`, bench.timed([step]), 'GFLOP/s', flops / 1e9);
  sources.destroy();
  output.destroy();
  return rate * 1e9;
}

async function stepOf(
  launcher: Launcher,
  program: Program,
  buffers: readonly GPUBuffer[],
  immediates: Uint32Array<ArrayBuffer>,
  workgroups: number,
): Promise<Step> {
  const pipeline = await launcher.pipeline(program);
  const bindings = buffers.map((buffer) => ({ buffer, offset: 0, size: buffer.size }));
  return { pipeline, bindings, immediates, workgroups: launcher.grid(Math.ceil(workgroups)) };
}
