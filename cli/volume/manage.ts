import { once } from 'node:events';
import { type NodeFlags, connectTo } from '../commands/nodes.ts';
import { ShardError } from '../../shard/errors.ts';

export interface VolumeFlags extends NodeFlags {
  readonly json?: true;
  readonly long?: true;
}

export async function create(name: string, flags: VolumeFlags): Promise<void> {
  await using warp = await connectTo(flags);
  await warp.volume(name, { createIfMissing: true }).version();
}

export async function list(flags: VolumeFlags): Promise<void> {
  await using warp = await connectTo(flags);
  for (const name of await warp.volumes()) await print(flags.json ? JSON.stringify({ name }) : name);
}

export async function remove(name: string, flags: VolumeFlags): Promise<void> {
  await using warp = await connectTo(flags);
  await warp.volume(name).version();
  await warp.removeVolume(name);
}

export async function ls(name: string, prefix: string, flags: VolumeFlags): Promise<void> {
  await using warp = await connectTo(flags);
  for await (const file of warp.volume(name).list(prefix)) {
    const time = new Date(file.modified).toISOString();
    if (flags.json) await print(JSON.stringify(file));
    else if (flags.long) await print(`${String(file.bytes).padStart(12)}  ${time}  ${file.path}`);
    else await print(file.path);
  }
}

/** Throws `FILE_NOT_FOUND` if one of them is not there; then all stay. */
export async function rm(
  name: string,
  paths: readonly string[],
  { recursive, ...flags }: VolumeFlags & { readonly recursive?: true },
): Promise<void> {
  await using warp = await connectTo(flags);
  const batch = warp.volume(name).batch();
  for (const path of paths) {
    const found = await Array.fromAsync(recursive ? batch.list(folderOf(path)) : [], (file) => file.path);
    if (await batch.stat(path.replace(/(?<=.)\/$/v, ''))) found.push(path);
    if (found.length === 0) throw absent(name, path);
    for (const each of found) await batch.remove(each);
  }
  await batch.commit();
}

export async function cp(
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
  flags: VolumeFlags,
): Promise<void> {
  await using warp = await connectTo(flags);
  await warp.volume(name).copy(from, to);
}

/** The prefix of all that is below a path; `/` is the whole volume. */
export function folderOf(path: string): string {
  return path === '/' ? '' : path.endsWith('/') ? path : `${path}/`;
}

export function absent(volume: string, path: string): ShardError {
  return new ShardError('FILE_NOT_FOUND', `There is no ${JSON.stringify(path)} in the volume ${volume}`);
}

/** Waits where the reader is slower. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}
