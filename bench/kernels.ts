/** How close do the kernels come to the machine's ceiling? See CONTRIBUTING.md for what all benchmarks have in common. */
import type { DeviceRequest } from '../core/device/contract.ts';
import { resolveDevice } from '../core/device/index.ts';
import { environmentOf, refuseEmulation } from './harness/environment.ts';
import { benchOptions } from './harness/options.ts';
import { report } from './harness/report.ts';
import { benchCpu } from './kernels/cpu.ts';
import { benchGpu } from './kernels/gpu.ts';

const options = benchOptions('kernels');
const device = await resolveDevice(options.device as DeviceRequest | undefined);
refuseEmulation(device, options.device);
if (device.kind === 'cuda') {
  throw new Error('There are no kernels for CUDA: a GPU is timed by --device webgpu, and the host by --device cpu.');
}
const environment = environmentOf(device, options.seed);
const results = device.kind === 'webgpu' ? benchGpu(device, options, environment) : benchCpu(options, environment);
report(await results, options);
