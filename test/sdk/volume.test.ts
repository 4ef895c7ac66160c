import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { open } from '../../local/open.ts';
import { connect } from '../../sdk/connect.ts';
import { Volume } from '../../sdk/volume/volume.ts';
import { PIECE_BYTES } from '../../shard/volume/contract.ts';
import { patternBytes } from '../server/objects/bytes.ts';
import { startNode, type TestNode } from '../server/fixtures/node.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-sdk-volume-'));
test.after.always(() => rm(folder, { recursive: true }));
let places = 0;

async function nodes(count: number): Promise<TestNode[] & AsyncDisposable> {
  const data = join(folder, String(places++));
  const started: TestNode[] = [];
  for (let index = 0; index < count; index++) started.push(await startNode({ data }));
  return Object.assign(started, {
    async [Symbol.asyncDispose]() {
      for (const node of started) await node[Symbol.asyncDispose]();
    },
  });
}

test('a client writes, lists, reads, copies and removes files of a volume', async (t) => {
  await using running = await nodes(1);
  await using warp = await connect({ nodes: running.map(({ url }) => url) });
  await t.throwsAsync(warp.volume('results').stat('a'), { code: 'VOLUME_NOT_FOUND' });
  t.deepEqual(await warp.volumes(), []);
  const volume = Volume.fromName(warp, 'results', { createIfMissing: true });
  await volume.write('a & b/ü?.txt', 'text');
  await volume.copy('a & b/ü?.txt', 'copy');
  t.is(await volume.text('copy'), 'text');
  t.deepEqual(await Array.fromAsync(volume.list(), ({ path }) => path), ['a & b/ü?.txt', 'copy']);
  t.deepEqual(await Array.fromAsync(volume.list('a &'), ({ path }) => path), ['a & b/ü?.txt']);
  await volume.remove('copy');
  t.is(await volume.stat('copy'), undefined);
  await t.throwsAsync(volume.text('copy'), { code: 'FILE_NOT_FOUND' });
  t.deepEqual(await warp.volumes(), ['results']);
  await warp.removeVolume('results');
  t.deepEqual(await warp.volumes(), []);
});

test('a large file travels in pieces', async (t) => {
  await using running = await nodes(1);
  await using warp = await connect({ nodes: running.map(({ url }) => url) });
  const volume = warp.volume('large', { createIfMissing: true });
  const size = PIECE_BYTES + 1_000_003;
  await volume.write('f', patternBytes(0, size));
  t.true(Buffer.from(patternBytes(0, size)).equals(await volume.read('f')));
  const [start, end] = [PIECE_BYTES - 10, PIECE_BYTES + 10];
  t.true(Buffer.from(patternBytes(start, 20)).equals(await volume.read('f', { start, end })));
  const response = await fetch(`${running[0]!.url}/v1/volumes/large/content?path=f&start=${start}&end=${end}`);
  t.true(Buffer.from(patternBytes(start, 20)).equals(Buffer.from(await response.arrayBuffer())));
});

test('two clients of two nodes conflict over a path, and no other', async (t) => {
  await using running = await nodes(2);
  await using one = await connect({ nodes: [running[0]!.url] });
  await using two = await connect({ nodes: [running[1]!.url] });
  const [first, second] = [one.volume('v', { createIfMissing: true }), two.volume('v', { createIfMissing: true })];
  await Promise.all([first.version(), second.version()]);
  await first.write('shared', '1');
  await second.write('other', '2');
  const stale = await two.volume('v').version();
  t.is(stale, 2);
  const batch = second.batch();
  await first.reload();
  await batch.write('shared', '2');
  await first.write('shared', '3');
  const conflict = await t.throwsAsync(batch.commit(), { code: 'VOLUME_CONFLICT' });
  t.is((conflict as { details?: { path?: string } }).details?.path, 'shared');
  await second.reload();
  t.is(await second.text('shared'), '3');
});

test('a client goes on with another node when one is gone', async (t) => {
  await using running = await nodes(2);
  await using warp = await connect({ nodes: running.map(({ url }) => url) });
  const volume = warp.volume('v', { createIfMissing: true });
  await volume.write('a', '1');
  await running[0]!.server[Symbol.asyncDispose]();
  t.is(await volume.text('a'), '1');
  await volume.write('b', '2');
  t.deepEqual(await Array.fromAsync(volume.list(), ({ path }) => path), ['a', 'b']);
});

test('a node refuses what is no volume, file, piece or commit', async (t) => {
  await using running = await nodes(1);
  const { url } = running[0]!;
  const asked = async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(`${url}/v1/volumes${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return answer.ok ? `${answer.status}` : ((await answer.json()) as { error: { code: string } }).error.code;
  };
  const { id } = (await (await fetch(`${url}/v1/volumes/v`, { method: 'PUT' })).json()) as { id: string };
  t.is(await asked('PUT', '/v'), '200');
  t.is(await asked('PUT', '/..%2Fx'), 'OPTION_INVALID');
  t.is(await asked('GET', '/none'), 'VOLUME_NOT_FOUND');
  t.is(await asked('GET', `/v/file?id=${id}&version=0&path=..%2Fx`), 'PATH_INVALID');
  t.is(await asked('GET', `/v/file?id=..%2F..&version=0&path=x`), 'REQUEST_INVALID');
  t.is(await asked('GET', `/v/file?id=${id}&version=9&path=x`), 'VERSION_EXPIRED');
  t.is(await asked('GET', `/v/content?path=x`), 'FILE_NOT_FOUND');
  t.is(await asked('PUT', `/v/pieces/1/${'a'.repeat(63)}?id=${id}`, 'x'), 'REQUEST_INVALID');
  t.is(await asked('PUT', `/v/pieces/1/${'a'.repeat(64)}?id=${id}`, 'x'), 'INPUT_INVALID');
  const body = { bytes: 1, modified: 1, hash: 'a'.repeat(64), day: 1 };
  const commits: readonly (readonly [unknown, string])[] = [
    [{ id, base: 0, changes: [{ path: 'a', body }] }, 'VOLUME_STALE'],
    [{ id, base: 0, changes: [{ path: '../a', body }] }, 'PATH_INVALID'],
    [{ id, base: 0, changes: [{ path: 'a', from: 'b' }] }, 'FILE_NOT_FOUND'],
    [{ id, base: 0, changes: [{ path: 'a' }] }, 'REQUEST_INVALID'],
    [{ id, base: 0, changes: [{ path: 'a', body: { ...body, pieces: [body.hash] } }] }, 'REQUEST_INVALID'],
    [{ id, base: 0, changes: [{ path: 'a', body: { ...body, bytes: 1e9 } }] }, 'REQUEST_INVALID'],
    [{ id, base: 0, changes: [{ path: 'a', body: { ...body, bytes: -1 } }] }, 'REQUEST_INVALID'],
    [{ id, base: -1, changes: [] }, 'OPTION_INVALID'],
    [{ id, base: 0 }, 'REQUEST_INVALID'],
    [
      { id: '00000000-0000-4000-8000-000000000000', base: 0, changes: [{ path: 'a', removed: true }] },
      'VOLUME_NOT_FOUND',
    ],
  ];
  t.is(await asked('POST', '/v/commits', { id, base: 0, changes: [] }), 'REQUEST_INVALID', 'a commit without an id');
  for (const [given, code] of commits) {
    const commit = { commit: randomUUID(), ...(given as object) };
    t.is(await asked('POST', '/v/commits', commit), code, JSON.stringify(commit));
  }
});

test('an engine in this process keeps no volumes, and says so', async (t) => {
  await using warp = await open();
  await t.throwsAsync(warp.volume('v').version(), { code: 'NO_STORE' });
});
