/** Each kernel on a GPU, against its float64 reference first, and then against the bandwidth of a copy. */
import { openGpu } from '../../core/device/gpu.ts';
import type { Device } from '../../core/device/contract.ts';
import { dotReference } from '../../kernels/dot/reference.ts';
import {
  dot,
  type Kernel,
  type Launcher,
  type Matrix,
  normalize,
  openLauncher,
  topkOfRows,
} from '../../kernels/index.ts';
import { normalizeReference } from '../../kernels/normalize/reference.ts';
import type { Environment, Result, Subject } from '../harness/contract.ts';
import { measure } from '../harness/measure.ts';
import type { BenchOptions } from '../harness/options.ts';
import { seeded } from '../harness/random.ts';
import { resultsOf } from '../harness/results.ts';
import { checkBest, unitRows } from './search.ts';

const DIMS = 384;
const K = 100;
const CHECKED = { items: 1000, queries: 3 };

/** Items of the timed calls: an emulated GPU would take minutes over what a real one has done at once. */
function sizesOf({ software }: Device, quick: boolean): { items: number; queries: readonly number[] } {
  if (software) return { items: 2000, queries: [1, 8] };
  return { items: quick ? 100_000 : 1_000_000, queries: [1, 64, 1024] };
}

export async function benchGpu(
  device: Device,
  { quick, seed }: BenchOptions,
  environment: Environment,
): Promise<Result[]> {
  await using gpu = await openGpu(device);
  await using launcher = openLauncher(gpu.gpuDevice);
  const random = seeded(seed);
  await checkKernels(launcher, random);

  const { items: count, queries } = sizesOf(device, quick);
  const bench = new KernelBench(launcher, environment, quick ? 5 : 9);
  const results = await bench.copy(Math.min(count * DIMS * 4, 2 ** 28));
  const items = await onDevice(launcher, unitRows(count, DIMS, random), DIMS);
  const bytes = count * DIMS * 4;
  results.push(
    ...(await bench.kernel(normalize, { vectors: items }, `normalize ${count} × ${DIMS}`, { bytes: 2 * bytes })),
  );
  for (const queryCount of queries) {
    const query = await onDevice(launcher, unitRows(queryCount, DIMS, random), DIMS);
    const flops = 2 * queryCount * count * DIMS;
    const shape = `${queryCount} queries, ${count} × ${DIMS}`;
    const found = { rows: await empty(launcher, queryCount, K), scores: await empty(launcher, queryCount, K) };
    const call = { queries: query, items, k: K, ...found };
    results.push(...(await bench.kernel(topkOfRows, call, `topk ${K}: ${shape}`, { bytes, flops })));
    const scoreBytes = queryCount * count * 4;
    if (scoreBytes > gpu.gpuDevice.limits.maxStorageBufferBindingSize) continue;
    const scores = await empty(launcher, queryCount, count);
    const work = { bytes: bytes + scoreBytes, flops };
    results.push(...(await bench.kernel(dot, { queries: query, items, scores }, `dot: ${shape}`, work)));
    scores.buffer.destroy();
  }
  return results;
}

interface Work {
  /** That must be read and written at least. */
  readonly bytes: number;
  readonly flops?: number;
}

class KernelBench {
  readonly #launcher: Launcher;
  readonly #environment: Environment;
  readonly #rounds: number;

  constructor(launcher: Launcher, environment: Environment, rounds: number) {
    this.#launcher = launcher;
    this.#environment = environment;
    this.#rounds = rounds;
  }

  /** The bandwidth that nothing can pass. */
  async copy(bytes: number): Promise<Result[]> {
    const { device } = this.#launcher;
    const [from, to] = [await this.#launcher.allocate(bytes), await this.#launcher.allocate(bytes)];
    const run = async (): Promise<void> => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
    const results = await this.#time('copy', run, 'ceiling: memory bandwidth', { bytes: 2 * bytes });
    from.destroy();
    to.destroy();
    return results;
  }

  async kernel<Call>(kernel: Kernel<Call>, call: Call, question: string, work: Work): Promise<Result[]> {
    using plan = await kernel.plan(this.#launcher, call);
    const run = async (): Promise<void> => void (await this.#launcher.submit(plan.steps));
    return this.#time('warpmap', run, question, work);
  }

  async #time(name: string, run: () => Promise<void>, question: string, { bytes, flops }: Work): Promise<Result[]> {
    const subject: Subject = { name, peer: false, run };
    const timings = await measure([subject], { rounds: this.#rounds });
    const results = resultsOf(timings, { question, unit: 'GB/s', amount: bytes / 1e9 }, this.#environment);
    if (flops === undefined) return results;
    return [...results, ...resultsOf(timings, { question, unit: 'GFLOP/s', amount: flops / 1e9 }, this.#environment)];
  }
}

async function checkKernels(launcher: Launcher, random: () => number): Promise<void> {
  const data = unitRows(CHECKED.items, DIMS, random).map((value) => 3 * value);
  const queryData = unitRows(CHECKED.queries, DIMS, random);
  const items = await onDevice(launcher, data, DIMS);
  await submitted(launcher, normalize, { vectors: items });
  const normalized = new Float32Array(await read(launcher, items));
  const unit = normalizeReference(data, DIMS);
  requireClose('normalize', normalized, unit.vectors, unit.bounds);

  const queries = await onDevice(launcher, queryData, DIMS);
  const scores = await empty(launcher, CHECKED.queries, CHECKED.items);
  await submitted(launcher, dot, { queries, items, scores });
  const reference = dotReference(queryData, normalized, DIMS);
  requireClose('dot', new Float32Array(await read(launcher, scores)), reference.scores, reference.bounds);

  const found = { rows: await empty(launcher, CHECKED.queries, K), scores: await empty(launcher, CHECKED.queries, K) };
  await submitted(launcher, topkOfRows, { queries, items, k: K, ...found });
  const rows = new Uint32Array(await read(launcher, found.rows));
  for (let query = 0; query < CHECKED.queries; query++) {
    checkBest(
      { dims: DIMS, count: CHECKED.items, items: normalized },
      queryData.subarray(query * DIMS, (query + 1) * DIMS),
      Array.from(rows.subarray(query * K, (query + 1) * K)),
      'topk',
    );
  }
}

async function submitted<Call>(launcher: Launcher, kernel: Kernel<Call>, call: Call): Promise<void> {
  using plan = await kernel.plan(launcher, call);
  await launcher.submit(plan.steps);
}

function requireClose(name: string, actual: Float32Array, expected: Float64Array, bounds: Float64Array): void {
  const wrong = expected.findIndex((value, at) => !(Math.abs((actual[at] ?? NaN) - value) <= (bounds[at] ?? 0)));
  if (wrong === -1) return;
  throw new Error(`Expected ${name} to give ${expected[wrong]} at ${wrong}, got ${actual[wrong]}: not timed.`);
}

async function empty(launcher: Launcher, rows: number, columns: number): Promise<Matrix> {
  return { buffer: await launcher.allocate(rows * columns * 4), rows, columns };
}

async function onDevice(launcher: Launcher, data: Float32Array<ArrayBuffer>, columns: number): Promise<Matrix> {
  const matrix = await empty(launcher, data.length / columns, columns);
  launcher.device.queue.writeBuffer(matrix.buffer, 0, data);
  return matrix;
}

async function read(launcher: Launcher, { buffer, rows, columns }: Matrix): Promise<ArrayBuffer> {
  const [bytes] = await launcher.submit([], [{ buffer, offset: 0, size: rows * columns * 4 }]);
  return bytes ?? new ArrayBuffer(0);
}
