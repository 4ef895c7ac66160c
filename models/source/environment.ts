import { homedir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach the hub, and where its cache lies. */
export interface HubSettings {
  /** Without a closing slash. */
  readonly endpoint: string;
  readonly token?: string;
  /** The variable or option that forbids the network, or `undefined` where nothing does. */
  readonly offlineBy: string | undefined;
  /** Absolute path of the folder that holds `models--…` folders. */
  readonly cache: string;
}

const offlineVariables = ['WARPMAP_OFFLINE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'] as const;
const yes = new Set(['1', 'ON', 'YES', 'TRUE']);
const defaultEndpoint = 'https://huggingface.co';

/** The variables of `huggingface_hub`, with its precedence, so that both use one cache. */
export function hubSettings(environment: Environment, offline: boolean | undefined): HubSettings {
  const token = environment['HF_TOKEN']?.trim();
  return {
    endpoint: endpointOf(environment['HF_ENDPOINT']),
    ...(token ? { token } : {}),
    offlineBy: offlineBy(environment, offline),
    cache: cacheOf(environment),
  };
}

function offlineBy(environment: Environment, offline: boolean | undefined): string | undefined {
  if (offline !== undefined) {
    return offline ? 'the option `offline`' : undefined;
  }
  return offlineVariables.find((name) => yes.has(environment[name]?.toUpperCase() ?? ''));
}

function endpointOf(value: string | undefined): string {
  const endpoint = (value || defaultEndpoint).replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `Expected HF_ENDPOINT to be an http or https address, got ${JSON.stringify(value)}.`,
    );
  }
  return endpoint;
}

function cacheOf(environment: Environment): string {
  const own = environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE'];
  if (own) {
    return expanded(own);
  }
  const home = environment['HF_HOME'];
  if (home) {
    return join(expanded(home), 'hub');
  }
  const shared = environment['XDG_CACHE_HOME'];
  return join(shared ? expanded(shared) : join(homedir(), '.cache'), 'huggingface', 'hub');
}

function expanded(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
