import test from 'ava';
import { resolveDevice } from '../../../core/device/index.ts';
import { missingPackages } from '../../../core/runtime/tfjs/packages.ts';
import { tfjs, tfjsRuntime, type TfjsOptions } from '../../../core/runtime/tfjs/tfjs.ts';
import { batchOf, texts } from './batches.ts';
import { minilm } from './minilm.ts';
import { tinyModel } from './tiny.ts';

const cpu = await resolveDevice('cpu');

test('a model whose weights are no tfjs graph is refused with the runtime that takes it', async (t) => {
  await using tiny = await tinyModel();
  const error = await t.throwsAsync(tfjs.open({ model: tiny.model, device: cpu }), { code: 'MODEL_UNSUPPORTED' });
  t.regex(error?.message ?? '', /tiny are onnx; use the runtime onnx/);
});

test('an absent package is unavailable with the line that installs it', async (t) => {
  const reason = missingPackages('tensorflow');
  if (reason === undefined) return t.pass('it is installed here');
  t.regex(reason, /npm install @tensorflow\/tfjs-node-gpu@4/);
  const cuda = { ...cpu, kind: 'cuda', name: 'some GPU' } as const;
  t.is(await tfjs.unavailable(cuda), reason);
  return void (await t.throwsAsync(tfjs.open({ model: minilm, device: cuda }), { code: 'RUNTIME_UNAVAILABLE' }));
});

test('a model.json that is not there or not a graph model fails the opening', async (t) => {
  for (const path of ['/nowhere/model.json', minilm.tokenizer]) {
    const model = { ...minilm, weights: { format: 'tfjs', path } } as const;
    const error = await t.throwsAsync(tfjs.open({ model, device: cpu }));
    t.regex(error?.message ?? '', /nowhere|graph-model/);
  }
});

test('a graph that gives vectors of other dims than the spec is refused', async (t) => {
  const model = { ...minilm, spec: { ...minilm.spec, dims: 100 } };
  await using session = await tfjs.open({ model, device: cpu });
  const error = await t.throwsAsync(session.run(batchOf(texts)), { code: 'MODEL_UNSUPPORTED' });
  t.regex(error?.message ?? '', /\[6, 100\].*\[6, 384\]/);
});

test('unknown options are refused', (t) => {
  t.throws(() => tfjsRuntime({ gpu: true } as TfjsOptions), { code: 'OPTION_INVALID' });
  t.throws(() => tfjsRuntime({ cpu: 'webgl' } as unknown as TfjsOptions), { code: 'OPTION_INVALID' });
});
