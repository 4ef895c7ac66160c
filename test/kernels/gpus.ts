/** Runs tests of kernels on every kind of GPU that this machine has, and says why not on the others. */
import test, { type ExecutionContext } from 'ava';
import { openGpu, resolveDevice, type DeviceRequest, type Gpu } from '../../core/device/index.ts';
import { openLauncher, type Launcher, type Span } from '../../kernels/index.ts';

interface Others {
  /** Four workgroups to a dimension: even small calls need two dimensions, with some workgroups too many. */
  readonly narrow: Launcher;
}

type Check = (title: string, body: (t: ExecutionContext, launcher: Launcher, others: Others) => Promise<void>) => void;

/** `subject` is what is tested; `define` is called once for each GPU. All tests of a file share a launcher for each. */
export async function onEveryGpu(subject: string, define: (check: Check) => void): Promise<void> {
  for (const request of ['software', 'webgpu'] as const) {
    const gpu = await open(request);
    if (typeof gpu === 'string') {
      test.skip(`${subject}: the same on ${request}, but not on this machine: ${gpu}`, () => {});
      continue;
    }
    const launcher = openLauncher(gpu.gpuDevice);
    const narrow = openLauncher(gpu.gpuDevice, { maxWorkgroups: 4 });
    define((title, body) => {
      test.serial(`${subject} on ${request}: ${title}`, async (t) => {
        t.timeout(60_000);
        await body(t, launcher, { narrow });
        gpu.check();
      });
    });
    test.after.always(async () => {
      await launcher[Symbol.asyncDispose]();
      await narrow[Symbol.asyncDispose]();
      await gpu[Symbol.asyncDispose]();
    });
  }
}

async function open(request: DeviceRequest): Promise<Gpu | string> {
  try {
    return await openGpu(await resolveDevice(request));
  } catch (error) {
    return (error as Error).message;
  }
}

/** The first `length` values of 4 bytes of a buffer. */
export function spanOfValues(buffer: GPUBuffer, length: number): Span {
  return { buffer, offset: 0, size: length * 4 };
}
