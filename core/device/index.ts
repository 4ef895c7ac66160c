export { chooseDevice } from './choose.ts';
export type { Device, DeviceKind, DeviceRequest, Finding } from './contract.ts';
export { dawnGlobals } from './dawn.ts';
export { describeFindings } from './describe.ts';
export { findDevices, resolveDevice, type FindOptions } from './find.ts';
export { dawnGpu, openGpu, type Gpu, type OpenGpuOptions } from './gpu.ts';
export { defaultDeviceRequest, parseDeviceRequest } from './request.ts';
