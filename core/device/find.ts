import { CoreError } from '../errors.ts';
import { chooseDevice } from './choose.ts';
import type { Device, DeviceKind, DeviceRequest, Finding } from './contract.ts';
import { findCpu } from './cpu.ts';
import type { ProbeOptions } from './probe/probe.ts';
import { defaultDeviceRequest, parseDeviceRequest } from './request.ts';

export interface FindOptions {
  /** Look only for these. Default: all. */
  readonly kinds?: readonly DeviceKind[];
  /** Whether to look for emulated GPUs too. Default: true. */
  readonly software?: boolean;
  /** How long a driver may take to answer, in milliseconds from 1 to 2³¹ − 1; then it counts as broken. Default: 30,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const OPTIONS: readonly string[] = ['kinds', 'software', 'timeoutMs', 'signal'];
const KINDS: readonly DeviceKind[] = ['cuda', 'webgpu', 'cpu'];

/**
 * Looks for CUDA, WebGPU and CPU devices, in this order: each is a row that says what it is, or why it is missing and
 * what to do. GPU drivers are loaded in processes of their own, so a broken one can't harm this process.
 */
export async function findDevices(options: FindOptions = {}): Promise<Finding[]> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new CoreError('OPTION_INVALID', `Expected the options ${OPTIONS.join(', ')}; got ${unknown}.`);
  }
  const { kinds = KINDS, software = true, timeoutMs = 30_000, signal } = options;
  const odd = kinds.find((kind) => !KINDS.includes(kind));
  if (odd !== undefined) {
    throw new CoreError('OPTION_INVALID', `Expected kinds of ${KINDS.join(', ')}; got ${String(odd)}.`);
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs >= 2 ** 31) {
    throw new CoreError(
      'OPTION_INVALID',
      `Expected timeoutMs to be an integer from 1 to 2³¹ − 1; got ${String(timeoutMs)}.`,
    );
  }
  signal?.throwIfAborted();
  const probe = { timeoutMs, signal };
  const none: Promise<Finding[]> = Promise.resolve([]);
  const found = await Promise.all([
    kinds.includes('cuda') ? cuda(probe) : none,
    kinds.includes('webgpu') ? webgpu({ ...probe, software }) : none,
  ]);
  return [...found.flat(), ...(kinds.includes('cpu') ? [findCpu()] : [])];
}

// What looks for devices is loaded by those who look for some.
const cuda = async (probe: ProbeOptions): Promise<Finding[]> => (await import('./cuda.ts')).findCuda(probe);
const webgpu = async (probe: ProbeOptions & { readonly software: boolean }): Promise<Finding[]> =>
  (await import('./webgpu.ts')).findWebgpu(probe);

/** Answers by what was looked for, since devices do not come and go while a process runs, and probes take time. */
const answers = new Map<string, Promise<Finding[]>>();

/**
 * Finds what the request needs and chooses of it: `cpu` costs nothing, GPUs are probed once in a process.
 *
 * Throws what `chooseDevice` throws.
 */
export async function resolveDevice(request?: DeviceRequest): Promise<Device> {
  const wanted = request === undefined ? defaultDeviceRequest() : parseDeviceRequest(request);
  const kinds = kindsFor(wanted);
  const software = kinds.includes('webgpu') && wanted !== 'auto';
  const key = `${kinds.join()} ${software}`;
  const answer = answers.get(key) ?? findDevices({ kinds, software });
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  return chooseDevice(wanted, await answer);
}

function kindsFor(wanted: DeviceRequest): readonly DeviceKind[] {
  if (wanted === 'auto') return KINDS;
  if (wanted === 'software') return ['webgpu'];
  return KINDS.filter((kind) => wanted.startsWith(kind));
}
