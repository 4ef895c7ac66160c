import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { cacheFolder } from '../cache-folder.ts';
import { CoreError } from '../errors.ts';
import { readTar } from './tar.ts';
import type { SoftwareDriver } from './vulkan.ts';

const PACKAGE = '@sparticuz/chromium';
/** The release that was tried here; later ones may pack their files otherwise. */
export const SWIFTSHADER_PACKAGE: string = `${PACKAGE}@153.0.0`;
const MANIFEST = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';
const FILES = [MANIFEST, LOADER, 'libvk_swiftshader.so'];

/** Why SwiftShader can't be had on this machine, and the mend; `undefined` where it can. */
export function swiftShaderMissing(): { readonly reason: string; readonly mend: string } | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      reason: `the emulated GPU, SwiftShader, comes for linux-x64 and this is ${process.platform}-${process.arch}`,
      mend: 'use the CPU device, or a Vulkan driver of your own such as Mesa lavapipe 25 or later',
    };
  }
  if (archivePath() === undefined) {
    return {
      reason: `the emulated GPU, SwiftShader, is not installed (npm package ${PACKAGE})`,
      mend: `to try GPU code without a GPU, run \`npm install --save-dev ${SWIFTSHADER_PACKAGE}\``,
    };
  }
  return undefined;
}

/**
 * Google's SwiftShader out of the npm package that carries it, unpacked once into the cache folder. Any number of
 * processes may ask at the same time: each unpacks beside the place and the first to rename wins.
 *
 * Throws `DEVICE_NOT_FOUND` where it is not installed or the folder can't be written.
 */
export async function installSwiftShader(cache: string = cacheFolder()): Promise<SoftwareDriver> {
  const missing = swiftShaderMissing();
  const archive = archivePath();
  if (missing !== undefined || archive === undefined) {
    throw new CoreError('DEVICE_NOT_FOUND', `There is no emulated GPU here: ${missing?.reason}; ${missing?.mend}.`);
  }
  const packed = await readFile(archive);
  const key = createHash('sha256').update(packed).digest('hex').slice(0, 16);
  const place = path.join(cache, `swiftshader-${key}`);
  try {
    if (!existsSync(place)) await unpack(packed, place);
  } catch (error) {
    throw new CoreError(
      'DEVICE_NOT_FOUND',
      `The emulated GPU could not be unpacked into ${place}: ${(error as Error).message}. Set WARPMAP_CACHE to a folder that can be written.`,
      { cause: error },
    );
  }
  return { loader: path.join(place, LOADER), manifest: path.join(place, MANIFEST) };
}

/** The driver to show while SwiftShader starts; `undefined` where only the machine's own drivers may have it. */
export async function swiftShaderDriver(): Promise<SoftwareDriver | undefined> {
  return swiftShaderMissing() === undefined ? installSwiftShader() : undefined;
}

function archivePath(): string | undefined {
  try {
    const file = fileURLToPath(new URL('../bin/swiftshader.tar.br', import.meta.resolve(PACKAGE)));
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined; // Not installed: a development dependency.
  }
}

async function unpack(packed: Uint8Array, place: string): Promise<void> {
  await mkdir(path.dirname(place), { recursive: true });
  const draft = await mkdtemp(`${place}.`);
  try {
    const entries = readTar(await promisify(brotliDecompress)(packed));
    for (const name of FILES) {
      const bytes = entries.get(name);
      if (bytes === undefined) {
        throw new CoreError(
          'DEVICE_NOT_FOUND',
          `Expected ${name} in the archive of ${PACKAGE}; it has ${[...entries.keys()].join(', ')}.`,
        );
      }
      await writeDurably(path.join(draft, name), bytes);
    }
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(place)) throw error; // Otherwise another process was first.
  }
}

/** Synced before the rename that publishes it, lest a power cut leave an empty library in the cache for good. */
async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await open(file, 'wx', 0o644);
  await handle.writeFile(bytes);
  await handle.sync();
}
