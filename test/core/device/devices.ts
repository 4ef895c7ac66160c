import type { Device, Finding } from '../../../core/device/contract.ts';

/** A device with the fields that a test is about. */
export function device(fields: Partial<Device> & Pick<Device, 'kind'>): Device {
  return { index: 0, name: `a ${fields.kind}`, software: false, features: [], ...fields };
}

export function found(fields: Partial<Device> & Pick<Device, 'kind'>): Finding {
  return { status: 'found', device: device(fields) };
}

export const noCuda: Finding = {
  status: 'missing',
  kind: 'cuda',
  reason: 'no driver',
  mend: 'Install it',
};
export const noGpu: Finding = {
  status: 'missing',
  kind: 'webgpu',
  reason: 'no adapter',
  mend: 'Buy one',
};
export const emulated: Finding = found({ kind: 'webgpu', name: 'SwiftShader', software: true });
export const cpu: Finding = found({ kind: 'cpu' });
