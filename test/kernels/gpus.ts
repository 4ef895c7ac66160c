/** Runs tests of kernels on every kind of GPU that this machine has, and says why not on the others. */
import test, { type ExecutionContext } from 'ava';
import { openGpu, resolveDevice, type DeviceRequest, type Gpu } from '../../core/device/index.ts';
import { openLauncher, type Launcher } from '../../kernels/index.ts';
import { findLavapipe, type LavapipeName } from './lavapipe.ts';

interface Others {
  /** Four workgroups to a dimension: even small calls need two dimensions, with some workgroups too many. */
  readonly narrow: Launcher;
}

type Check = (title: string, body: (t: ExecutionContext, launcher: Launcher, others: Others) => Promise<void>) => void;

type Request = Extract<DeviceRequest, 'software' | 'webgpu'> | LavapipeName;

interface Subject extends Others {
  readonly request: Request;
  readonly gpu: Gpu;
  readonly launcher: Launcher;
}

interface Absence {
  readonly request: Request;
  readonly reason: string;
}

// Opened before any test is declared, since AVA starts once a file pauses after its first declaration.
const subjects = await Promise.all(requested().map(open));

/** `subject` is what is tested; `define` is called once for each GPU. All tests of a file share its launchers. */
export function onEveryGpu(subject: string, define: (check: Check) => void): void {
  for (const opened of subjects) {
    if ('reason' in opened) {
      test.skip(`${subject}: the same on ${opened.request}, but not on this machine: ${opened.reason}`, () => {});
      continue;
    }
    const { request, gpu, launcher, narrow } = opened;
    define((title, body) => {
      test.serial(`${subject} on ${request}: ${title}`, async (t) => {
        // Lavapipe takes seconds to compile a large shader, and a busy machine several times as long.
        t.timeout(180_000);
        await body(t, launcher, { narrow });
        gpu.check();
      });
    });
  }
}

test.after.always(async () => {
  for (const opened of subjects) {
    if ('reason' in opened) continue;
    await opened.launcher[Symbol.asyncDispose]();
    await opened.narrow[Symbol.asyncDispose]();
    await opened.gpu[Symbol.asyncDispose]();
  }
});

/** `WARPMAP_TEST_GPUS` names them; lavapipe 26 needs a process of its own (lavapipe26.test.ts). */
function requested(): readonly Request[] {
  const names = process.env['WARPMAP_TEST_GPUS'];
  return names === undefined ? ['software', 'lavapipe-25', 'webgpu'] : (names.split(',') as Request[]);
}

async function open(request: Request): Promise<Subject | Absence> {
  try {
    const gpu = await openDevice(request);
    const launcher = openLauncher(gpu.gpuDevice);
    return { request, gpu, launcher, narrow: openLauncher(gpu.gpuDevice, { maxWorkgroups: 4 }) };
  } catch (error) {
    return { request, reason: (error as Error).message };
  }
}

async function openDevice(request: Request): Promise<Gpu> {
  if (request === 'software' || request === 'webgpu') return openGpu(await resolveDevice(request));
  const { device, driver } = findLavapipe(request);
  const gpu = await openGpu(device, { driver });
  const { description } = gpu.adapterInfo;
  if (!description.includes('llvmpipe')) throw new Error(`Expected the driver llvmpipe; got ${description}`);
  return gpu;
}
