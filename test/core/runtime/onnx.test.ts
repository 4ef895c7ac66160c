import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { resolveDevice } from '../../../core/device/index.ts';
import type { CoreErrorCode } from '../../../core/errors.ts';
import { onnxFailure } from '../../../core/runtime/onnx/failure.ts';
import { onnx } from '../../../core/runtime/onnx/onnx.ts';
import { batchOf, leastCosine, texts } from './batches.ts';
import { minilm } from './minilm.ts';
import { tinyDims, tinyModel } from './tiny.ts';

const cpu = await resolveDevice('cpu');

test.serial('a batch too large for memory fails with OUT_OF_MEMORY, and the session goes on', async (t) => {
  await using tiny = await tinyModel();
  await using session = await onnx.open({ model: tiny.model, device: cpu });
  const modest = batchOf([[0, 0]]);
  const before = await session.run(batchOf([[0, 0]]));
  t.is(before.length, tinyDims);
  const error = await t.throwsAsync(session.run(batchOf([[0, 7]])), { code: 'OUT_OF_MEMORY' });
  t.regex(error?.message ?? '', /tiny over 1 × 2 tokens/);
  t.deepEqual(await session.run(modest), before);
});

test.serial('what the graph cannot do fails with RUNTIME_FAILED and its own words', async (t) => {
  await using tiny = await tinyModel();
  await using session = await onnx.open({ model: tiny.model, device: cpu });
  // This model states no vocabulary that the batch could be checked against.
  const error = await t.throwsAsync(session.run(batchOf([[99]])), { code: 'RUNTIME_FAILED' });
  t.regex(error?.message ?? '', /Gather/);
  t.is((await session.run(batchOf([[1]]))).length, tinyDims);
});

test.serial('threads that are not a whole number from 1 up are refused', async (t) => {
  await t.throwsAsync(onnx.open({ model: minilm, device: cpu, threads: 0 }), { code: 'OPTION_INVALID' });
  await t.throwsAsync(onnx.open({ model: minilm, device: cpu, threads: 1.5 }), { code: 'OPTION_INVALID' });
});

test.serial('a model file that is not there fails the opening and leaves no thread', async (t) => {
  const model = { ...minilm, weights: { format: 'onnx', path: '/nowhere/model.onnx' } } as const;
  const threads = threadCount();
  await t.throwsAsync(onnx.open({ model, device: cpu }));
  t.is(threadCount(), threads);
});

test.serial('opening and closing again and again leaves neither threads nor handles nor memory', async (t) => {
  t.timeout(120_000);
  await using tiny = await tinyModel();
  const cycle = async () => {
    await using session = await onnx.open({ model: tiny.model, device: cpu });
    await session.run(batchOf([[0, 0]]));
  };
  for (let i = 0; i < 10; i++) await cycle();
  const before = { threads: threadCount(), handles: handles(), memory: process.memoryUsage.rss() };
  for (let i = 0; i < 50; i++) await cycle();
  t.is(threadCount(), before.threads);
  t.deepEqual(handles(), before.handles);
  const grown = (process.memoryUsage.rss() - before.memory) / 2 ** 20;
  t.log(`grown by ${grown.toFixed(1)} MiB in 50 cycles`);
  t.true(grown < 50, `${grown} MiB`);
});

test.serial('memory stays bounded over many shapes', async (t) => {
  await using session = await onnx.open({ model: minilm, device: cpu });
  await session.run(batchOf(texts.slice(0, 4), 96));
  const before = process.memoryUsage.rss();
  for (let width = 16; width <= 96; width++) await session.run(batchOf(texts.slice(0, 1 + (width % 4)), width));
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  t.log(`grown by ${grown.toFixed(1)} MiB over 81 shapes`);
  t.true(grown < 64, `${grown} MiB`);
});

test.serial('the thread that asks is not blocked while a large batch runs', async (t) => {
  await using session = await onnx.open({ model: minilm, device: cpu, threads: 1 });
  await session.run(batchOf([[101, 102]]));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const started = performance.now();
  await session.run(
    batchOf(
      Array.from({ length: 32 }, () => texts[0]!),
      128,
    ),
  );
  const run = performance.now() - started;
  delay.disable();
  const longest = delay.max / 1e6;
  t.log(`run ${run.toFixed(0)} ms, longest delay ${longest.toFixed(1)} ms`);
  t.true(longest < run / 2, `run ${run} ms, longest delay ${longest} ms`);
});

test.serial('a process that exits in the middle of a run ends with its own exit code, not by a crash', async (t) => {
  const script = fileURLToPath(new URL('./exiting.ts', import.meta.url));
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(
    promisify(execFile)(process.execPath, ['--conditions=warpmap:source', script], { timeout: 60_000 }),
  );
  t.is(error?.stderr, '');
  t.is(error?.code, 7);
});

test.serial('the number of threads does not change the vectors', async (t) => {
  await using one = await onnx.open({ model: minilm, device: cpu, threads: 1 });
  await using two = await onnx.open({ model: minilm, device: cpu, threads: 2 });
  const [a, b] = await Promise.all([one.run(batchOf(texts)), two.run(batchOf(texts))]);
  t.true(leastCosine(a, b, minilm.spec.dims) >= 0.999_999);
});

test('CUDA without its libraries is unavailable with the command that installs them', async (t) => {
  const cuda = { ...cpu, kind: 'cuda', name: 'some GPU' } as const;
  const reason = await onnx.unavailable(cuda);
  if (reason === undefined) return t.pass('its libraries are installed here');
  t.regex(reason, /npm rebuild onnxruntime-node/);
  return void (await t.throwsAsync(onnx.open({ model: minilm, device: cuda }), { code: 'RUNTIME_UNAVAILABLE' }));
});

test('a second WebGPU adapter is out of reach, and says so', async (t) => {
  t.regex((await onnx.unavailable({ ...cpu, kind: 'webgpu', index: 1 })) ?? '', /first adapter/);
});

test.serial('a GPU asked for after another one in the process is refused, not silently the first', async (t) => {
  await using tiny = await tinyModel();
  const emulated = await resolveDevice('software');
  await using _session = await onnx.open({ model: tiny.model, device: emulated });
  await t.throwsAsync(onnx.open({ model: tiny.model, device: { ...emulated, name: 'some GPU', software: false } }), {
    code: 'RUNTIME_UNAVAILABLE',
    message: /keeps the first WebGPU adapter/,
  });
  await using again = await onnx.open({ model: tiny.model, device: emulated });
  t.is((await again.run(batchOf([[1]]))).length, tinyDims);
});

const meaning = test.macro({
  exec: (t, words: string, code: CoreErrorCode) => {
    const error = onnxFailure(new Error(words), 'run it');
    t.is(error.code, code);
    t.true(error.message.includes(words));
  },
  title: (_, words) => `ONNX Runtime's words have a code: ${words}`,
});

test(meaning, 'Failed to allocate memory for requested buffer of size 1099511627776', 'OUT_OF_MEMORY');
test(meaning, 'CUDA failure 2: out of memory ; GPU=0', 'OUT_OF_MEMORY');
test(meaning, 'std::bad_alloc', 'OUT_OF_MEMORY');
test(meaning, 'CUDA failure 700: an illegal memory access was encountered', 'DEVICE_LOST');
test(meaning, 'WebGPU device lost (1)', 'DEVICE_LOST');
test(meaning, 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', 'RUNTIME_UNAVAILABLE');
test(meaning, 'Failed to get a WebGPU adapter: No supported adapters', 'RUNTIME_UNAVAILABLE');
test(meaning, 'Non-zero status code returned while running Gather node', 'RUNTIME_FAILED');

function threadCount(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0;
}

function handles(): string[] {
  return process.getActiveResourcesInfo().toSorted();
}
