import test from 'ava';
import { defaultDeviceRequest, parseDeviceRequest } from '../../../core/device/index.ts';

for (const text of ['auto', 'cuda', 'webgpu', 'cpu', 'software', 'cuda:0', 'webgpu:12']) {
  test(`${text} is a device request`, (t) => {
    t.is(parseDeviceRequest(text), text as never);
    t.is(parseDeviceRequest(` ${text.toUpperCase()} `), text as never);
  });
}

for (const text of ['', 'gpu', 'cuda:', 'cuda:-1', 'cuda:01', 'cuda:1.5', 'auto:0', 'software:0', 'cuda:99999']) {
  test(`${JSON.stringify(text)} is refused with the list of what is allowed`, (t) => {
    const error = t.throws(() => parseDeviceRequest(text), { code: 'INPUT_INVALID' });
    t.regex(error?.message ?? '', /auto, cuda, webgpu, cpu/);
  });
}

test('what is no text is refused like any other', (t) => {
  t.throws(() => parseDeviceRequest(5 as unknown as string), { code: 'INPUT_INVALID', message: /got 5/ });
});

test('WARPMAP_DEVICE is the default request, and auto where it is unset or empty', (t) => {
  t.is(defaultDeviceRequest({ WARPMAP_DEVICE: 'cuda:1' }), 'cuda:1');
  t.is(defaultDeviceRequest({}), 'auto');
  t.is(defaultDeviceRequest({ WARPMAP_DEVICE: ' ' }), 'auto');
});

test('a malformed WARPMAP_DEVICE is blamed by its name', (t) => {
  t.throws(() => defaultDeviceRequest({ WARPMAP_DEVICE: 'tpu' }), {
    code: 'INPUT_INVALID',
    message: /^WARPMAP_DEVICE/,
  });
});
