import { CoreError } from '../errors.ts';
import type { Device, DeviceKind, DeviceRequest, Finding } from './contract.ts';
import { defaultDeviceRequest, parseDeviceRequest } from './request.ts';

/**
 * The device of `findings` that serves the request; `undefined` asks for what `WARPMAP_DEVICE` says, else `auto`.
 *
 * `auto` takes the first real GPU (CUDA, then WebGPU) and else the CPU. An emulated GPU is chosen by `software` only.
 * Throws `DEVICE_NOT_FOUND`, saying why and what to do, and `INPUT_INVALID` for a malformed request.
 */
export function chooseDevice(request: DeviceRequest | undefined, findings: readonly Finding[]): Device {
  const wanted = request === undefined ? defaultDeviceRequest() : parseDeviceRequest(request);
  const devices = findings.flatMap((finding) => (finding.status === 'found' ? [finding.device] : []));
  if (wanted === 'software') return devices.find((device) => device.software) ?? failSoftware(findings);
  const real = devices.filter((device) => !device.software);
  if (wanted === 'auto') {
    const device = first(real, 'cuda') ?? first(real, 'webgpu') ?? first(real, 'cpu');
    return device ?? fail('No device was found', findings);
  }
  const [kind, index] = wanted.split(':') as [DeviceKind, string?];
  const device =
    index === undefined
      ? first(real, kind)
      : real.find((candidate) => candidate.kind === kind && candidate.index === Number(index));
  return device ?? failKind(wanted, kind, devices, findings);
}

function first(devices: readonly Device[], kind: DeviceKind): Device | undefined {
  return devices.find((device) => device.kind === kind);
}

function failKind(wanted: string, kind: DeviceKind, devices: readonly Device[], findings: readonly Finding[]): never {
  const ofKind = devices.filter((device) => device.kind === kind);
  const real = ofKind.filter((device) => !device.software);
  const software = ofKind.find((device) => device.software);
  if (real.length > 0) {
    const names = real.map((device) => `${kind}:${device.index} (${device.name})`).join(', ');
    throw new CoreError('DEVICE_NOT_FOUND', `Expected a device ${wanted}; this machine has ${names}.`);
  }
  if (software !== undefined) {
    throw new CoreError(
      'DEVICE_NOT_FOUND',
      `Expected a real GPU for ${wanted}; this machine has only ${software.name}, which emulates one on the CPU. ` +
        'Ask for `software` to use it all the same, or for `cpu`, which is faster.',
    );
  }
  return fail(
    `Expected a device ${wanted}; none was found`,
    findings.filter((finding) => finding.status === 'missing' && finding.kind === kind && finding.software !== true),
  );
}

function failSoftware(findings: readonly Finding[]): never {
  return fail(
    'Expected an emulated GPU for software; none was found',
    findings.filter((finding) => finding.status === 'missing' && finding.software === true),
  );
}

function fail(what: string, missing: readonly Finding[]): never {
  const why = missing.flatMap((finding) =>
    finding.status === 'missing' ? [sentence(finding.reason), sentence(finding.mend)] : [],
  );
  throw new CoreError('DEVICE_NOT_FOUND', why.length === 0 ? `${what}.` : `${what}. ${why.join(' ')}`);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
