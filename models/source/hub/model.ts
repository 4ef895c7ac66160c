import { existsSync } from 'node:fs';
import type { LocalModel, Weights } from '../../contract.ts';
import { ModelError } from '../../errors.ts';
import type { KnownModel } from '../../registry.ts';
import { readModelFolder } from '../../spec/read-folder.ts';
import type { HubSettings } from '../environment.ts';
import type { ResolveModelOptions } from '../options.ts';
import type { HubReference } from '../reference.ts';
import { RepositoryCache } from './cache.ts';
import { HubClient } from './client.ts';
import type { Wait } from './retry.ts';
import { fetchSnapshot } from './snapshot.ts';

export interface HubModelRequest {
  /** As the user named it. */
  readonly name: string;
  readonly hub: HubReference;
  readonly known: KnownModel | undefined;
  readonly settings: HubSettings;
}

/** The model as it lies in the cache; throws `MODEL_NOT_FOUND` with what is lacking. */
export async function cachedModel(request: HubModelRequest): Promise<LocalModel> {
  const { hub, known, settings } = request;
  const cache = new RepositoryCache(settings.cache, hub.repository);
  const commit = await cache.commitOf(hub);
  if (commit === undefined || !existsSync(cache.snapshot(commit))) {
    throw new ModelError('MODEL_NOT_FOUND', `${cache.folder} has no snapshot of revision ${hub.revision}`);
  }
  // Other programs fetch single files: without knowing that there is no modules.json, pooling would be a guess.
  if (known === undefined && !cache.has(commit, 'modules.json') && !cache.isMissing(commit, 'modules.json')) {
    throw new ModelError(
      'MODEL_NOT_FOUND',
      `${cache.snapshot(commit)} lacks modules.json, or the mark that there is none`,
    );
  }
  const model = await read(cache, commit, request);
  const absent = pathsOf(model.weights).find((path) => !existsSync(path));
  if (absent !== undefined) {
    throw new ModelError('MODEL_NOT_FOUND', `${absent} is missing`);
  }
  return model;
}

/** Fetches what is missing and reads the model. Throws `MODEL_OFFLINE` where the network is forbidden. */
export async function fetchedModel(
  request: HubModelRequest,
  options: Pick<ResolveModelOptions, 'signal' | 'onProgress'>,
  wait?: Wait,
): Promise<LocalModel> {
  const { hub, settings } = request;
  if (settings.offlineBy !== undefined) {
    throw new ModelError('MODEL_OFFLINE', `the network is forbidden by ${settings.offlineBy}. Unset it to download.`);
  }
  await using client = new HubClient(settings, wait);
  const cache = new RepositoryCache(settings.cache, hub.repository);
  const commit = await fetchSnapshot(client, cache, hub, options);
  return read(cache, commit, request);
}

async function read(cache: RepositoryCache, commit: string, request: HubModelRequest): Promise<LocalModel> {
  return readModelFolder(cache.snapshot(commit), {
    name: request.name,
    known: request.known,
    origin: `${request.hub.repository}@${commit} from ${request.settings.endpoint}`,
  });
}

function pathsOf(weights: Weights): readonly string[] {
  return weights.format === 'safetensors' ? weights.paths : [weights.path];
}
