import { InvalidArgumentError } from 'commander';
import type { DeviceRequest } from '../core/device/contract.ts';
import { parseDeviceRequest } from '../core/device/request.ts';

/** Parsers of option values; each throws commander's own error, which names the option. */

export function positive(text: string): number {
  return integer(text, 1, Number.MAX_SAFE_INTEGER, 'an integer from 1 up');
}

export function natural(text: string): number {
  return integer(text, 0, Number.MAX_SAFE_INTEGER, 'an integer from 0 up');
}

export function port(text: string): number {
  return integer(text, 0, 65_535, 'an integer from 0 to 65535');
}

export function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value <= 86_400) return value;
  throw new InvalidArgumentError('Expected seconds from 0 to 86400.');
}

/** Adds `name=value` to the limits so far; the server knows the names. */
export function limit(text: string, soFar: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, value] = /^(\w+)=(\d+)$/.exec(text) ?? [];
  if (name !== undefined) return { ...soFar, [name]: Number(value) };
  throw new InvalidArgumentError('Expected name=value, such as bodyBytes=1000000.');
}

export function device(text: string): DeviceRequest {
  try {
    return parseDeviceRequest(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function integer(text: string, min: number, max: number, expected: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Expected ${expected}.`);
}
