/** Mesa's lavapipe, as `npm run drivers` leaves it: an emulated GPU for tests of kernels. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { Device } from '../../core/device/index.ts';
import type { SoftwareDriver } from '../../core/device/vulkan.ts';

export type LavapipeName = 'lavapipe-25' | 'lavapipe-26';

export const driversFolder: string = path.resolve(
  process.env['WARPMAP_DRIVERS'] ?? path.join(import.meta.dirname, '../../.cache/drivers'),
);

/** glibc's flag that keeps a library after Node has unloaded it for not being an addon. */
const RTLD_NODELETE = 0x1000;
const MISSING = /^(?<name>\S+): cannot open shared object file/;

/** The driver and the device it makes. Throws where it is not there or does not load, saying why. */
export function findLavapipe(name: LavapipeName): { readonly driver: SoftwareDriver; readonly device: Device } {
  const folder = path.join(driversFolder, name);
  if (!existsSync(folder)) throw new Error(`there is no ${folder}: run \`npm run drivers\``);
  // What it compiles runs for milliseconds: optimising that takes longer than it gains.
  process.env['GALLIVM_PERF'] ??= 'nopt';
  load(path.join(folder, 'libvulkan_lvp.so'), folder);
  return {
    driver: { loader: path.join(folder, 'libvulkan.so.1'), manifest: path.join(folder, 'icd.json') },
    device: { kind: 'webgpu', index: 0, name, software: true, features: [] },
  };
}

/** Loads a library, and of what it needs that which the machine lacks out of `folder`: the linker knows them by name. */
function load(file: string, folder: string): void {
  const { RTLD_NOW, RTLD_LOCAL } = constants.dlopen;
  for (;;) {
    try {
      process.dlopen({ exports: {} }, file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
      return;
    } catch (error) {
      const { message } = error as Error;
      // A library that is no Node addon has been loaded all the same.
      if (message.startsWith('Module did not self-register')) return;
      const needed = MISSING.exec(message)?.groups?.['name'];
      if (needed === undefined || needed === file || !existsSync(path.join(folder, needed))) throw error;
      load(path.join(folder, needed), folder);
    }
  }
}
