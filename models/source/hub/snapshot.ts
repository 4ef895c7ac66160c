import { join } from 'node:path';
import { ModelError } from '../../errors.ts';
import { bertShape } from '../../spec/bert-shape.ts';
import { isObject, readOptionalJson, readOptionalObject } from '../../spec/json-file.ts';
import { parseModules } from '../../spec/modules.ts';
import { isInside } from '../../spec/relative-path.ts';
import { chooseWeights, noWeights, shardsOf } from '../../spec/weights-files.ts';
import type { ResolveModelOptions } from '../options.ts';
import type { HubReference } from '../reference.ts';
import { isCommit, type RepositoryCache } from './cache.ts';
import type { HubClient } from './client.ts';
import { download } from './download.ts';

/** Fetches the files of a text encoder that are needed and not yet here, and answers the snapshot's commit. */
export async function fetchSnapshot(
  client: HubClient,
  cache: RepositoryCache,
  reference: HubReference,
  options: Pick<ResolveModelOptions, 'signal' | 'onProgress'>,
): Promise<string> {
  const { commit, files } = await describe(client, reference, options.signal);
  const folder = cache.snapshot(commit);
  const fetchFile = async (file: string): Promise<void> => {
    if (!files.has(file)) {
      await cache.rememberMissing(commit, file);
    } else if (!cache.has(commit, file)) {
      const path = `/${reference.repository}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;
      const { signal, onProgress } = options;
      const blob = await download(client, { path, file, blobs: cache.blobs, signal, onProgress });
      await cache.link(commit, file, blob);
    }
  };

  await fetchFile('modules.json');
  const modulesPath = join(folder, 'modules.json');
  const json = await readOptionalJson(modulesPath);
  const modules = json === undefined ? undefined : parseModules(json, modulesPath);
  const inTransformer = (file: string): string => join(modules?.transformer ?? '', file).replaceAll('\\', '/');
  const small = [
    ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'sentence_bert_config.json'].map(inTransformer),
    'config_sentence_transformers.json',
    ...(modules?.pooling === undefined ? [] : [`${modules.pooling}/config.json`]),
  ];
  await Promise.all(small.map(fetchFile));

  const configPath = join(folder, inTransformer('config.json'));
  const config = (await readOptionalObject(configPath)) ?? {};
  const isBert = bertShape(config, configPath) !== undefined;
  const choice = chooseWeights((file) => files.has(inTransformer(file)), isBert);
  if (choice === undefined) {
    throw noWeights(reference.repository, isBert, String(config['model_type']));
  }
  const weights = inTransformer(choice.path);
  await fetchFile(weights);
  if (choice.format === 'safetensorsIndex') {
    const path = join(folder, weights);
    for (const shard of shardsOf(await readOptionalJson(path), path)) {
      await fetchFile(inTransformer(shard));
    }
  } else if (choice.format === 'onnx' && files.has(`${weights}_data`)) {
    await fetchFile(`${weights}_data`);
  }
  await cache.remember(reference, commit);
  return commit;
}

async function describe(
  client: HubClient,
  { repository, revision }: HubReference,
  signal: AbortSignal | undefined,
): Promise<{ commit: string; files: ReadonlySet<string> }> {
  const path = `/api/models/${repository}/revision/${encodeURIComponent(revision)}`;
  const info = await client.json(path, signal);
  const commit = isObject(info) ? info['sha'] : undefined;
  const siblings = isObject(info) ? info['siblings'] : undefined;
  if (typeof commit !== 'string' || !isCommit(commit) || !Array.isArray(siblings)) {
    throw new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `${client.settings.endpoint}${path} does not list the repository's commit and files. Check HF_ENDPOINT.`,
    );
  }
  const names = siblings.map((sibling: unknown) => (isObject(sibling) ? sibling['rfilename'] : undefined));
  return {
    commit,
    files: new Set(names.filter((name): name is string => typeof name === 'string' && isInside(name))),
  };
}
