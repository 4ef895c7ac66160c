import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { hubSettings } from '../../../models/source/environment.ts';

test('without variables it is the public hub, online, with the cache in the home folder', (t) => {
  t.deepEqual(hubSettings({}, undefined), {
    endpoint: 'https://huggingface.co',
    offlineBy: undefined,
    cache: join(homedir(), '.cache/huggingface/hub'),
  });
});

const caches = [
  [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
  [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h', HF_HUB_CACHE: '/c' }, '/c'],
  [{ HF_HOME: '~/h' }, join(homedir(), 'h/hub')],
  [{ HF_HUB_CACHE: '' }, join(homedir(), '.cache/huggingface/hub')],
] as const;

for (const [environment, cache] of caches) {
  test(`the cache for ${JSON.stringify(environment)} is as huggingface_hub has it`, (t) => {
    t.is(hubSettings(environment, undefined).cache, cache);
  });
}

test('an offline flag counts only when it says yes', (t) => {
  for (const value of ['1', 'true', 'YES', 'On']) {
    t.is(hubSettings({ HF_HUB_OFFLINE: value }, undefined).offlineBy, 'HF_HUB_OFFLINE');
  }
  for (const value of ['0', 'false', '', 'no']) {
    t.is(hubSettings({ HF_HUB_OFFLINE: value }, undefined).offlineBy, undefined);
  }
});

test('the endpoint loses its closing slash, and must be an address', (t) => {
  t.is(hubSettings({ HF_ENDPOINT: 'http://mirror.example/hf//' }, undefined).endpoint, 'http://mirror.example/hf');
  t.throws(() => hubSettings({ HF_ENDPOINT: 'mirror.example' }, undefined), { message: /Expected HF_ENDPOINT/ });
});
