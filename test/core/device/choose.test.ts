import test from 'ava';
import { chooseDevice, type DeviceRequest, type Finding } from '../../../core/device/index.ts';
import { cpu, emulated, found, noCuda, noGpu } from './devices.ts';

const cuda = found({ kind: 'cuda' });
const cuda1 = found({ kind: 'cuda', index: 1 });
const webgpu = found({ kind: 'webgpu' });

const chooses = test.macro((t, request: DeviceRequest, findings: readonly Finding[], chosen: Finding) => {
  t.like(chosen, { status: 'found', device: chooseDevice(request, findings) });
});

test('auto takes CUDA before WebGPU', chooses, 'auto', [webgpu, cuda, cpu], cuda);
test('auto takes WebGPU where CUDA is missing', chooses, 'auto', [noCuda, webgpu, cpu], webgpu);
test('auto passes an emulated GPU by and takes the CPU', chooses, 'auto', [noCuda, noGpu, emulated, cpu], cpu);
test('a kind takes its first device', chooses, 'cuda', [cuda, cuda1, cpu], cuda);
test('an index takes that device', chooses, 'cuda:1', [cuda, cuda1, cpu], cuda1);
test('software takes the emulated GPU', chooses, 'software', [cuda, webgpu, emulated, cpu], emulated);

const refuses = test.macro((t, request: DeviceRequest, findings: readonly Finding[], message: RegExp) => {
  t.throws(() => chooseDevice(request, findings), { code: 'DEVICE_NOT_FOUND', message });
});

test(
  'webgpu refuses an emulated GPU and names the request that takes it',
  refuses,
  'webgpu',
  [emulated, cpu],
  /`software`/,
);
test('an index refuses an emulated GPU too', refuses, 'webgpu:0', [emulated, cpu], /`software`/);
test('a missing kind is explained with its mend', refuses, 'cuda', [noCuda, cpu], /No driver\. Install it\./);
test('a wrong index is answered with the indices there are', refuses, 'cuda:7', [cuda, cuda1], /cuda:0.*cuda:1/);
test('software without an emulated GPU is refused', refuses, 'software', [webgpu, cpu], /emulated/);
test('nothing at all is refused', refuses, 'auto', [], /No device/);

test('a malformed request is INPUT_INVALID', (t) => {
  t.throws(() => chooseDevice('gpu' as DeviceRequest, [cpu]), { code: 'INPUT_INVALID' });
});

test.serial('no request asks for what WARPMAP_DEVICE says', (t) => {
  const before = process.env['WARPMAP_DEVICE'];
  t.teardown(() => {
    if (before === undefined) delete process.env['WARPMAP_DEVICE'];
    else process.env['WARPMAP_DEVICE'] = before;
  });
  process.env['WARPMAP_DEVICE'] = 'cpu';
  t.is(chooseDevice(undefined, [cuda, cpu]).kind, 'cpu');
  delete process.env['WARPMAP_DEVICE'];
  t.is(chooseDevice(undefined, [cuda, cpu]).kind, 'cuda');
});
