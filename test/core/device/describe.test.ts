import test from 'ava';
import { describeFindings } from '../../../core/device/index.ts';
import { cpu, emulated, found, noCuda, noGpu } from './devices.ts';

test('the findings are an aligned table with reasons, mends and the choice of auto', (t) => {
  const gpu = found({
    kind: 'cuda',
    name: 'NVIDIA H100',
    driver: 'NVIDIA 550',
    memoryBytes: 80 * 2 ** 30,
    features: ['a', 'b'],
  });
  t.is(
    describeFindings([gpu, noGpu, emulated, cpu], {}),
    [
      'DEVICE    STATUS    NAME         DRIVER      MEMORY    FEATURES',
      'cuda:0    found     NVIDIA H100  NVIDIA 550  80.0 GiB  a b',
      'webgpu    missing   -            -           -         -',
      '  why   no adapter',
      '  mend  Buy one',
      'webgpu:0  emulated  SwiftShader  -           -         -',
      '  why   a driver emulates it on the CPU; only the request `software` takes it',
      'cpu:0     found     a cpu        -           -         -',
      '',
      'auto chooses cuda:0, NVIDIA H100',
    ].join('\n'),
  );
});

test('auto chooses the CPU where GPUs are missing or emulated', (t) => {
  t.regex(describeFindings([noCuda, noGpu, emulated, cpu], {}), /auto chooses cpu:0, a cpu$/);
});

test('no findings make a table all the same', (t) => {
  t.regex(describeFindings([], {}), /^DEVICE.*\n\nauto finds nothing: No device was found\.$/);
});

for (const [wish, line] of [
  ['software', 'WARPMAP_DEVICE=software chooses webgpu:0, SwiftShader'],
  ['cuda', 'WARPMAP_DEVICE=cuda finds nothing: Expected a device cuda; none was found. No driver. Install it.'],
  ['tpu', 'WARPMAP_DEVICE=tpu is refused: Expected a device of auto, cuda'],
] as const) {
  test(`WARPMAP_DEVICE=${wish} is told what it does`, (t) => {
    const last =
      describeFindings([noCuda, emulated, cpu], { WARPMAP_DEVICE: wish })
        .split(/\n(?! )/)
        .at(-1) ?? '';
    t.true(last.replaceAll('\n ', '').startsWith(line), last);
  });
}

test('long explanations wrap, and commands between backticks stay whole', (t) => {
  const command = `\`npm ${'long '.repeat(30)}\``;
  const text = describeFindings(
    [{ ...noGpu, mend: `first ${'word '.repeat(30)}and then ${command}` } as typeof noGpu],
    {},
  );
  const lines = text.split('\n');
  t.true(lines.some((line) => line.trim() === command));
  for (const line of lines) t.true(line.length <= 100 || line.includes(command), line);
});
