import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RemoteObjects } from '../../../server/objects/remote.ts';
import { startNode } from '../fixtures/node.ts';
import { objectsConformance } from './conformance.ts';

const token = 'of-another-node';

objectsConformance({
  name: 'another node',
  async place() {
    const data = await mkdtemp(join(tmpdir(), 'warpmap-remote-'));
    const node = await startNode({ data, token });
    return {
      open: async () => new RemoteObjects({ url: node.url, token }),
      async [Symbol.asyncDispose]() {
        await node[Symbol.asyncDispose]();
        await rm(data, { recursive: true });
      },
    };
  },
});

test('another node that is gone, or wants another token, is told of', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-remote-'));
  t.teardown(() => rm(data, { recursive: true }));
  await using node = await startNode({ data, token });
  await using stranger = new RemoteObjects({ url: node.url, token: 'of-nobody' });
  await t.throwsAsync(stranger.read('k'), { code: 'OBJECTS_UNAVAILABLE', message: /token is none/v });
  await node[Symbol.asyncDispose]();
  await using late = new RemoteObjects({ url: node.url, token });
  await t.throwsAsync(late.stat('k'), { code: 'OBJECTS_UNAVAILABLE', message: /ECONNREFUSED/v });
});
