import { constants } from 'node:os';
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
 * Calls `start` while the Vulkan loader sees that driver and no other. Drivers are read at the first synchronous
 * request for an adapter, so the machine's own drivers are hidden from nothing else.
 */
export function withDriver<T>(driver: SoftwareDriver | undefined, start: () => T): T {
  if (driver === undefined) return start();
  loadVulkan(driver.loader);
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of VARIABLES) delete process.env[name];
  process.env['VK_DRIVER_FILES'] = driver.manifest;
  process.env['VK_ICD_FILENAMES'] = driver.manifest; // Loaders before 1.3.207 know only this name.
  try {
    return start();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** The machine's loader where it has one, so that real drivers stay reachable in this process; else the one given. */
function loadVulkan(fallback: string): void {
  const problem = load('libvulkan.so.1') && load(fallback);
  if (problem !== undefined) {
    throw new CoreError(
      'DEVICE_NOT_FOUND',
      `No Vulkan loader could be loaded for the emulated GPU: ${problem}`,
    );
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
