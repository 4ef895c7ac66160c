import test from 'ava';
import type { RuntimeName } from '../../../core/runtime/contract.ts';
import { resolveDevice } from '../../../core/device/index.ts';
import { chooseRuntime, findRuntime, runtimes } from '../../../core/runtime/index.ts';
import { minilm } from './minilm.ts';

const cpu = await resolveDevice('cpu');

test('runtimes are found by name', (t) => {
  for (const runtime of runtimes) t.is(findRuntime(runtime.name), runtime);
});

test('an unknown name is refused with the names there are', (t) => {
  const error = t.throws(() => findRuntime('torch' as RuntimeName), { code: 'RUNTIME_UNAVAILABLE' });
  t.regex(error?.message ?? '', /onnx, tfjs.*torch/);
});

test('ONNX Runtime is chosen where it serves the device', async (t) => {
  t.is((await chooseRuntime(cpu, minilm)).name, 'onnx');
});

test('TensorFlow.js is chosen for its own graphs where ONNX Runtime does not serve the device', async (t) => {
  t.is((await chooseRuntime({ ...cpu, kind: 'webgpu', index: 1 }, minilm)).name, 'tfjs');
});

test('where no runtime can serve, each says why', async (t) => {
  const model = { ...minilm, weights: { format: 'onnx', path: '/nowhere' } } as const;
  const error = await t.throwsAsync(chooseRuntime({ ...cpu, kind: 'webgpu', index: 1 }, model), {
    code: 'RUNTIME_UNAVAILABLE',
  });
  t.regex(error?.message ?? '', /onnx: .*first adapter.*; tfjs: .*only TensorFlow\.js graphs/);
});
