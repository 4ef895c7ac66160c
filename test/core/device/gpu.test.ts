import { readdirSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import test from 'ava';
import { dawnGlobals, dawnGpu, findDevices, openGpu, resolveDevice, type Device } from '../../../core/device/index.ts';
import { swiftShaderMissing } from '../../../core/device/swiftshader.ts';
import { device } from './devices.ts';

const missing = swiftShaderMissing();
// One after the other: they look at the environment and at the memory of the process.
const withGpu = missing === undefined ? test.serial : test.serial.skip;
const software = (): Promise<Device> => resolveDevice('software');
const STORAGE = 0x80;
v8.setFlagsFromString('--expose_gc');
const collect = vm.runInNewContext('gc') as () => void;

test('every kind has a row, and the CPU is found', async (t) => {
  const findings = await findDevices();
  const kinds = findings.map((finding) => (finding.status === 'found' ? finding.device.kind : finding.kind));
  t.deepEqual([...new Set(kinds)], ['cuda', 'webgpu', 'cpu']);
  t.is(findings.at(-1)?.status, 'found');
  for (const finding of findings) {
    if (finding.status === 'missing') t.true(finding.reason.length > 0 && finding.mend.length > 0);
  }
});

test('an unknown option is refused by name', async (t) => {
  await t.throwsAsync(findDevices({ kind: 'cuda' } as object), {
    code: 'OPTION_INVALID',
    message: /got kind/,
  });
});

test('kinds and times out of their domains are refused', async (t) => {
  await t.throwsAsync(findDevices({ kinds: ['gpu' as 'cpu'] }), { code: 'OPTION_INVALID', message: /got gpu/ });
  await t.notThrowsAsync(findDevices({ kinds: ['cpu'], timeoutMs: 1 }));
  for (const timeoutMs of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
    await t.throwsAsync(findDevices({ kinds: ['cpu'], timeoutMs }), { code: 'OPTION_INVALID', message: /timeoutMs/ });
  }
});

test('a device that is no WebGPU device is refused', async (t) => {
  await t.throwsAsync(openGpu(device({ kind: 'cpu' })), { code: 'INPUT_INVALID' });
});

test('an adapter that is not there is DEVICE_NOT_FOUND', async (t) => {
  await t.throwsAsync(openGpu(device({ kind: 'webgpu', name: 'no such GPU' })), {
    code: 'DEVICE_NOT_FOUND',
  });
});

withGpu('a GPU opens with the limits of its adapter and is let go', async (t) => {
  const gpu = await openGpu(await software());
  t.true(gpu.gpuDevice.limits.maxBufferSize > 256 * 2 ** 20);
  t.true(gpu.device.software);
  for (const feature of gpu.device.features) t.true(gpu.gpuDevice.features.has(feature));
  gpu.check();
  await gpu[Symbol.asyncDispose]();
  await gpu[Symbol.asyncDispose]();
  t.is((await gpu.lost).code, 'DISPOSED');
  t.throws(() => gpu.check(), { code: 'DISPOSED' });
});

withGpu('a lost GPU is DEVICE_LOST, and a new one opens', async (t) => {
  const chosen = await software();
  await using gpu = await openGpu(chosen);
  gpu.gpuDevice.destroy();
  t.is((await gpu.lost).code, 'DEVICE_LOST');
  t.throws(() => gpu.check(), { code: 'DEVICE_LOST', message: /Open it again/ });
  await using next = await openGpu(chosen);
  next.check();
});

withGpu('an error that no scope caught reaches onError and check()', async (t) => {
  const codes: string[] = [];
  await using gpu = await openGpu(await software(), { onError: (error) => codes.push(error.code) });
  gpu.gpuDevice.createBuffer({ size: 2 ** 42, usage: STORAGE });
  await gpu.gpuDevice.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(codes, ['RUNTIME_FAILED']);
  t.throws(() => gpu.check(), { code: 'RUNTIME_FAILED', message: /exceeds the max buffer size/ });
});

withGpu('starting the emulated GPU leaves the environment as it was', async (t) => {
  const before = { ...process.env };
  await using gpu = await openGpu(await software());
  gpu.check();
  t.deepEqual({ ...process.env }, before);
});

withGpu('libraries get what browsers have as navigator.gpu, and its globals', async (t) => {
  const gpu = await dawnGpu(await software());
  const adapter = await gpu.requestAdapter();
  const opened = await adapter?.requestDevice();
  t.truthy(opened);
  opened?.destroy();
  t.is((await opened?.lost)?.reason, 'destroyed');
  t.is(((await dawnGlobals())['GPUBufferUsage'] as { STORAGE: number }).STORAGE, STORAGE);
});

withGpu('a worker thread that shares the environment opens the emulated GPU', async (t) => {
  t.deepEqual(await openInWorker(await software(), true), { size: 16 });
});

withGpu('a worker thread with an environment of its own is told how to start', async (t) => {
  t.like(await openInWorker(await software(), false), { code: 'DEVICE_NOT_FOUND' });
});

withGpu(
  'threads that open at the same time neither disturb each other nor leave the emulated GPU behind',
  async (t) => {
    const chosen = await software();
    const before = { ...process.env };
    const threads = [openInWorker(chosen, true), openInWorker(chosen, false), openInWorker(chosen, true)];
    for (let round = 0; round < 20; round += 1) {
      await using gpu = await openGpu(chosen);
      gpu.check();
      collect();
    }
    const [first, own, second] = await Promise.all(threads);
    t.deepEqual([first, second], [{ size: 16 }, { size: 16 }]);
    t.like(own, { code: 'DEVICE_NOT_FOUND' });
    t.regex((own as Error).message, /SHARE_ENV/);
    t.deepEqual({ ...process.env }, before);
  },
);

withGpu('a GPU in use survives collections, and one that was let go can be collected', async (t) => {
  const gpu = await openGpu(await software());
  for (let round = 0; round < 3; round += 1) {
    collect();
    gpu.gpuDevice.createBuffer({ size: 16, usage: STORAGE }).destroy();
    await gpu.gpuDevice.queue.onSubmittedWorkDone();
  }
  gpu.check();
  await gpu[Symbol.asyncDispose]();
  for (let round = 0; round < 3; round += 1) {
    collect();
    gpu.gpuDevice.createBuffer({ size: 16, usage: STORAGE });
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.throws(() => gpu.check(), { code: 'DISPOSED' });
});

withGpu('200 GPUs opened and let go leak neither memory nor handles', async (t) => {
  const chosen = await software();
  const cycle = async (count: number): Promise<{ heap: number; resident: number; handles: number }> => {
    for (let round = 0; round < count; round += 1) {
      await using gpu = await openGpu(chosen);
      gpu.gpuDevice.createBuffer({ size: 2 ** 16, usage: STORAGE });
    }
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heap: heapUsed, resident: rss, handles: readdirSync('/proc/self/fd').length };
  };
  const before = await cycle(50);
  const after = await cycle(200);
  t.log(`resident memory grew by ${((after.resident - before.resident) / 2 ** 20).toFixed(1)} MiB`);
  t.log(`heap by ${((after.heap - before.heap) / 2 ** 10).toFixed(0)} KiB`);
  t.true(after.resident - before.resident < 24 * 2 ** 20);
  t.true(after.heap - before.heap < 200 * 2 ** 10);
  t.true(after.handles <= before.handles);
});

async function openInWorker(chosen: Device, share: boolean): Promise<unknown> {
  const worker = new Worker(new URL('./fixtures/opensSoftwareGpu.ts', import.meta.url), {
    workerData: chosen,
    ...(share && { env: SHARE_ENV }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let message: unknown;
  worker.on('message', (value) => (message = value));
  worker.on('error', reject);
  worker.on('exit', () => resolve(message));
  return promise;
}
