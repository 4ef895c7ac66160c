import { CoreError } from '../errors.ts';
import type { DeviceRequest } from './contract.ts';

const ALLOWED = 'auto, cuda, webgpu, cpu, one of these kinds with an index (such as cuda:1), or software';

/**
 * Reads a device request as users write it. Letter case and outer spaces don't matter.
 *
 * Throws `INPUT_INVALID` for anything else, and lists what is allowed.
 */
export function parseDeviceRequest(text: string): DeviceRequest {
  // From JavaScript it may be anything.
  const request = String(text).trim().toLowerCase();
  if (!isDeviceRequest(request)) {
    throw new CoreError('INPUT_INVALID', `Expected a device of ${ALLOWED}; got ${JSON.stringify(text)}.`);
  }
  return request;
}

/** What `WARPMAP_DEVICE` asks for, or `auto` where it is unset or empty. */
export function defaultDeviceRequest(env: Readonly<Record<string, string | undefined>> = process.env): DeviceRequest {
  const text = env['WARPMAP_DEVICE'];
  if (text === undefined || text.trim() === '') return 'auto';
  try {
    return parseDeviceRequest(text);
  } catch (error) {
    throw new CoreError('INPUT_INVALID', `WARPMAP_DEVICE: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isDeviceRequest(text: string): text is DeviceRequest {
  return text === 'auto' || text === 'software' || /^(?:cuda|webgpu|cpu)(?::(?:0|[1-9]\d{0,3}))?$/.test(text);
}
