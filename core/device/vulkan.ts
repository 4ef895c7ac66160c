import { constants } from 'node:os';
import * as threads from 'node:worker_threads';
import { CoreError } from '../errors.ts';

/** An emulated Vulkan GPU on disk. Plain data: it crosses threads and processes. */
export interface SoftwareDriver {
  /** Path of a Vulkan loader, for machines that have none. */
  readonly loader: string;
  /** Path of the driver's manifest. */
  readonly manifest: string;
}

/** Variables by which the Vulkan loader picks drivers; only the first two are set, the others must be out of the way. */
const VARIABLES = [
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'VK_ADD_DRIVER_FILES',
  'VK_LOADER_DRIVERS_SELECT',
  'VK_LOADER_DRIVERS_DISABLE',
] as const;

/** glibc's flag that keeps a library after Node has unloaded it for not being an addon. */
const RTLD_NODELETE = 0x1000;

/**
 * Shows the Vulkan loader that driver and no other, until the returned value is disposed of; `undefined` shows the
 * machine's own drivers. Hold it over the first request for an adapter, which is when drivers are read.
 *
 * The choice is made by environment variables, which all threads of a process share. So whoever shows an emulated GPU
 * waits until nobody else is looking: it can neither stand in for a real GPU nor stay behind.
 */
export async function showDriver(driver: SoftwareDriver | undefined): Promise<Disposable> {
  const release = await lock(driver === undefined ? 'shared' : 'exclusive');
  if (driver === undefined) return { [Symbol.dispose]: release };
  try {
    loadVulkan(driver.loader);
  } catch (error) {
    release();
    throw error;
  }
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of VARIABLES) delete process.env[name];
  process.env['VK_DRIVER_FILES'] = driver.manifest;
  process.env['VK_ICD_FILENAMES'] = driver.manifest; // Loaders before 1.3.207 know only this name.
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      release();
    },
  };
}

/** Takes the lock over the drivers' environment variables among the threads of this process; the answer lets it go. */
async function lock(mode: 'shared' | 'exclusive'): Promise<() => void> {
  // Absent before Node 24.5; then emulated GPUs are refused, and readers have nobody to fear.
  const { locks } = threads as { readonly locks?: typeof threads.locks };
  if (locks === undefined) {
    if (mode === 'shared') return () => {};
    throw new CoreError('DEVICE_NOT_FOUND', `The emulated GPU needs Node 24.5 or later; this is ${process.version}.`);
  }
  const taken = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const awake = setInterval(() => {}, 2 ** 30); // A wait for a lock keeps no process alive.
  locks
    .request('warpmap: Vulkan drivers', { mode }, () => {
      taken.resolve();
      return released.promise;
    })
    .catch(taken.reject);
  try {
    await taken.promise;
  } finally {
    clearInterval(awake);
  }
  return released.resolve;
}

/** The machine's loader where it has one, so that real drivers stay reachable in this process; else the one given. */
function loadVulkan(fallback: string): void {
  const problem = load('libvulkan.so.1') && load(fallback);
  if (problem !== undefined) {
    throw new CoreError('DEVICE_NOT_FOUND', `No Vulkan loader could be loaded for the emulated GPU: ${problem}`);
  }
}

/** Resolves names against libraries already loaded, so Dawn later finds this one by its name. */
function load(path: string): string | undefined {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  try {
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    const { message } = error as Error;
    // A library that is no Node addon has been loaded all the same.
    return message.startsWith('Module did not self-register') ? undefined : message;
  }
  return undefined;
}
