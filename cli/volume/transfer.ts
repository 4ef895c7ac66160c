import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Connection } from '../../sdk/connection.ts';
import type { Volume } from '../../sdk/volume/volume.ts';
import { connectTo, type NodeFlags } from '../commands/nodes.ts';
import { CliError } from '../errors.ts';
import { absent, folderOf } from './manage.ts';
import { counting, type Transferred } from './progress.ts';

export interface TransferFlags extends NodeFlags {
  readonly recursive?: true;
  readonly create?: true;
}

interface Got {
  readonly name: string;
  readonly path: string;
  readonly target: string | undefined;
}

/** Each file appears once it is whole. */
export async function get({ name, path, target }: Got, { recursive, ...flags }: TransferFlags): Promise<void> {
  await using warp = await connectTo(flags);
  const volume = warp.volume(name);
  if (!recursive) return await getFile(volume, path, target ?? basename(path));
  if (target === '-') throw new CliError('USAGE', 'Expected a directory for --recursive, got standard output');
  const prefix = folderOf(path);
  const root = resolve(target ?? (path === '/' ? name : basename(path)));
  const files = await Array.fromAsync(volume.list(prefix));
  if (files.length === 0) throw absent(name, path);
  using progress = counting(files.reduce((sum, { bytes }) => sum + bytes, 0));
  for (const file of files) {
    const to = resolve(root, file.path.slice(prefix.length));
    // A volume refuses such paths; a server that is none of ours may not.
    if (!to.startsWith(root + sep)) throw new CliError('USAGE', `${JSON.stringify(file.path)} leads out of ${root}`);
    await save(await volume.stream(file.path), to, progress);
  }
}

interface Put {
  readonly name: string;
  readonly source: string;
  readonly path: string | undefined;
}

/** All of it is visible at once, or nothing. */
export async function put({ name, source, path }: Put, { recursive, create, ...flags }: TransferFlags): Promise<void> {
  if (source === '-' && path === undefined)
    throw new CliError('USAGE', 'Expected a path for what standard input brings');
  const files = source === '-' ? [] : await filesOf(source, recursive === true);
  await using warp = await connectTo(flags);
  const batch = batchOf(warp, name, create === true);
  if (source === '-') {
    using progress = counting(undefined);
    await batch.write(path!, progress.through(process.stdin));
  } else {
    using progress = counting(files.reduce((sum, { bytes }) => sum + bytes, 0));
    const to = (path ?? basename(resolve(source))).replace(/\/$/v, '');
    for (const file of files) {
      const below = relative(source, file.path).split(sep).join('/');
      const parts = [to === '' ? [] : [to], below === '' ? [] : [below]].flat();
      await batch.write(parts.join('/'), progress.through(createReadStream(file.path)));
    }
  }
  await batch.commit();
}

function batchOf(warp: Connection, name: string, createIfMissing: boolean): ReturnType<Volume['batch']> {
  return warp.volume(name, { createIfMissing }).batch();
}

async function getFile(volume: Volume, path: string, target: string): Promise<void> {
  const file = await volume.stat(path);
  if (!file) throw absent(volume.name, path);
  const bytes = await volume.stream(path);
  using progress = counting(file.bytes);
  if (target === '-') return await pipeline(Readable.from(progress.through(bytes)), process.stdout, { end: false });
  const isDirectory = await stat(target).then(
    (found) => found.isDirectory(),
    () => false,
  );
  await save(bytes, isDirectory ? join(target, basename(path)) : target, progress);
}

async function save(bytes: AsyncIterable<Uint8Array>, target: string, progress: Transferred): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.${randomUUID().slice(0, 8)}.part`;
  try {
    await pipeline(Readable.from(progress.through(bytes)), createWriteStream(part, { flags: 'wx' }));
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

interface SourceFile {
  readonly path: string;
  readonly bytes: number;
}

/** Throws `FILE_UNREADABLE`, and `USAGE` for a directory that was not meant to be one. */
async function filesOf(source: string, recursive: boolean): Promise<SourceFile[]> {
  const found = await stat(source).catch((cause: Error) => {
    throw new CliError('FILE_UNREADABLE', `${source} can't be read: ${cause.message}`, { cause });
  });
  if (!found.isDirectory()) return [{ path: source, bytes: found.size }];
  if (!recursive) throw new CliError('USAGE', `${source} is a directory; --recursive copies all that is in it`);
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  // Links are left: what they lead to may be anywhere.
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.sort().map(async (path) => ({ path, bytes: (await stat(path)).size })));
}
