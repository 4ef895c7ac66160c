import test from 'ava';
import { judgeWebgpu } from '../../../core/device/webgpu.ts';
import type { AdapterReport, WebgpuReport } from '../../../core/device/probe/webgpu.probe.ts';
import type { ProbeReport } from '../../../core/device/probe/probe.ts';

const adapter = (name: string, fields: Partial<AdapterReport> = {}): AdapterReport => ({
  name,
  backend: 'vulkan',
  vendor: '',
  description: 'driver 1',
  fallback: false,
  features: ['subgroups', 'unheard-of'],
  ...fields,
});
const report = (adapters: readonly AdapterReport[], stderr = ''): ProbeReport<WebgpuReport> => ({
  ok: true,
  value: { loads: true, adapters },
  stderr,
});

test('a real adapter is found with the features that matter', (t) => {
  t.deepEqual(judgeWebgpu(report([adapter('Arc')]), undefined), [
    {
      status: 'found',
      device: {
        kind: 'webgpu',
        index: 0,
        name: 'Arc',
        software: false,
        driver: 'driver 1',
        features: ['subgroups'],
      },
    },
  ]);
});

test('emulated GPUs come last and are marked, whoever brings them', (t) => {
  const own = report([adapter('llvmpipe (LLVM 19)'), adapter('Arc'), adapter('Odd', { fallback: true })]);
  const rows = judgeWebgpu(own, report([adapter('SwiftShader Device')]));
  t.deepEqual(
    rows.map((row) => row.status === 'found' && [row.device.index, row.device.name, row.device.software]),
    [
      [0, 'Arc', false],
      [1, 'llvmpipe (LLVM 19)', true],
      [2, 'Odd', true],
      [3, 'SwiftShader Device', true],
    ],
  );
});

test('SwiftShader of the machine and of npm is one device', (t) => {
  const rows = judgeWebgpu(report([adapter('SwiftShader Device')]), report([adapter('SwiftShader Device')]));
  t.is(rows.filter((row) => row.status === 'found').length, 1);
});

test('only emulated GPUs leave a row that says the real one is missing', (t) => {
  const [first, second] = judgeWebgpu(report([]), report([adapter('SwiftShader Device')]));
  t.like(first, { status: 'missing', kind: 'webgpu' });
  t.like(second, { status: 'found', device: { index: 0, software: true } });
});

test('a missing Vulkan loader is mended by installing it', (t) => {
  const [row] = judgeWebgpu(report([], "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open"), undefined);
  t.regex(row?.status === 'missing' ? row.mend : '', /libvulkan1/);
});

test('a driver that crashes is told, and so is an emulated GPU that does not start', (t) => {
  const crash = { ok: false, reason: 'the driver crashed (SIGSEGV)', stderr: '' } as const;
  const rows = judgeWebgpu(crash, crash);
  t.like(rows, [
    { status: 'missing', kind: 'webgpu', reason: 'Dawn failed: the driver crashed (SIGSEGV)' },
    { status: 'missing', kind: 'webgpu', software: true },
  ]);
});

test('SwiftShader of the machine alone is a device when npm has none', (t) => {
  const rows = judgeWebgpu(report([adapter('SwiftShader Device')]), { reason: 'not installed', mend: 'install it' });
  t.like(rows.at(-1), { status: 'found', device: { software: true } });
});

test('an emulated GPU that is not installed is told with what to install', (t) => {
  const rows = judgeWebgpu(report([]), { reason: 'not installed', mend: 'install it' });
  t.like(rows.at(-1), { status: 'missing', software: true, reason: 'not installed', mend: 'install it' });
});

test('bindings that do not load are told in their own words', (t) => {
  const [row] = judgeWebgpu(
    { ok: true, value: { loads: false, error: 'GLIBC_2.34 not found' }, stderr: '' },
    undefined,
  );
  t.like(row, { status: 'missing', reason: 'GLIBC_2.34 not found' });
});
