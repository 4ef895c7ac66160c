import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from '../../sdk/connect.ts';
import { LocalServer } from '../../sdk/local-server.ts';
import { range, repeat } from '../../shard/iterables.ts';
import { writeTinyModel } from '../fixtures/tinyModel.ts';

const model = await mkdtemp(join(tmpdir(), 'warpmap-sdk-'));
test.before(() => writeTinyModel(model));
test.after.always(() => rm(model, { recursive: true }));

const words = ['dog', 'cat', 'bird', 'horse', 'river', 'sea', 'moon', 'sun'];
const textOf = (index: number): string => `the ${words[index % 8]} and the ${words[(index >> 3) % 8]} ${index}`;
const texts = Array.from({ length: 400 }, (_, index) => textOf(index));
const settings = { model, device: 'cpu', startTimeout: 60_000 };

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.serial('with no address a server is started, used for all it can do, and stopped', async (t) => {
  let url = '';
  {
    await using connection = await connect(settings);
    const [node] = await connection.nodes();
    t.like(node, { reachable: true, device: { kind: 'cpu' } });
    url = node!.url;

    const vectors = await connection.embed(texts);
    t.like(vectors, { count: 400, dims: connection.model.dims });
    const streamed = await Array.fromAsync(connection.embed.map(texts));
    for (const index of [0, 57, 399]) {
      const row = vectors.data.subarray(index * vectors.dims, (index + 1) * vectors.dims);
      t.true(row.every((value, at) => Math.abs(value - streamed[index]![at]!) < 1e-5));
    }
    t.deepEqual(await connection.embed([]), { count: 0, dims: vectors.dims, data: new Float32Array() });

    const collection = connection.collection('texts');
    t.is(await collection.size(), 0);
    await collection.upsert(texts.map((text, id) => ({ id, text })));
    t.is(await collection.size(), 400);
    const scores = await Array.fromAsync(collection.similarity.map(texts, range(400)));
    t.deepEqual(
      scores.map(([id]) => id),
      [...range(400)],
    );
    t.true(scores.every(([, score]) => Math.abs(score - 1) < 1e-3));
    const [best] = await collection.similarity.topK(texts[7]!, { k: 3 });
    t.is(best?.id, 7);
    const each = await collection.similarity.topK([texts[1]!, streamed[2]!], { k: 1 });
    t.deepEqual(
      each.map((matches) => matches[0]?.id),
      [1, 2],
    );
    const unknown = collection.similarity.map(repeat('a dog'), [1, 'nobody'], { returnErrors: true });
    t.like((await Array.fromAsync(unknown))[1], { name: 'InputError', code: 'ID_NOT_FOUND', index: 1 });
    await collection.drop();
    t.is(await collection.size(), 0);
    await t.throwsAsync(collection.similarity.topK('a dog', { k: 1 }), { code: 'COLLECTION_NOT_FOUND' });
  }
  await t.throwsAsync(connect({ nodes: [url] }), { code: 'NODE_UNREACHABLE' });
});

test.serial(
  'kill -9 of one of two servers amid a map loses nothing, repeats nothing and keeps the order',
  async (t) => {
    const token = 'a-token-for-two';
    await using a = await LocalServer.start({ ...settings, token });
    await using b = await LocalServer.start({ ...settings, token });
    await using connection = await connect({ nodes: [a.url, b.url], token });
    const many = Array.from({ length: 3000 }, (_, index) => textOf(index));
    let killed = 0;
    const outputs: Float32Array[] = [];
    let resent = 0;
    const map = connection.embed.map(many, {
      maxBatchSize: 20,
      onProgress: (progress) => (resent = progress.resent),
    });
    for await (const vector of map) {
      outputs.push(vector);
      if (outputs.length === 600) {
        process.kill(a.pid, 'SIGKILL');
        killed = a.pid;
      }
    }
    t.is(outputs.length, many.length);
    t.is(killed, a.pid);
    t.true(resent > 0, 'the killed server had nothing in flight');
    await using survivor = await connect({ nodes: [b.url], token });
    const expected = await survivor.embed(many);
    for (const [index, vector] of outputs.entries()) {
      const row = expected.data.subarray(index * expected.dims, (index + 1) * expected.dims);
      const difference = row.reduce((most, value, at) => Math.max(most, Math.abs(value - vector[at]!)), 0);
      if (difference > 1e-4) t.fail(`vector ${index} is of another text`);
    }
  },
);

test.serial('upsert reaches every node, so that each can answer alone', async (t) => {
  const token = 'a-shared-token';
  await using a = await LocalServer.start({ ...settings, token });
  await using b = await LocalServer.start({ ...settings, token });
  await using both = await connect({ nodes: [a.url, b.url], token });
  await both.collection('c').upsert(
    (async function* () {
      for (const [id, text] of texts.entries()) yield { id, text };
    })(),
  );
  for (const url of [a.url, b.url]) {
    await using one = await connect({ nodes: [url], token });
    t.is(await one.collection('c').size(), 400);
  }
});

test.serial('a local server dies with its parent, even one that was killed', async (t) => {
  const script = fileURLToPath(new URL('fixtures/parent.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, model], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  t.true(alive(pid));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  while (alive(pid)) await sleep(10);
  t.false(alive(pid));
});

test.serial('a local server that can not start says why', async (t) => {
  await t.throwsAsync(connect({ model: join(model, 'nowhere'), startTimeout: 60_000 }), {
    code: 'SERVER_START_FAILED',
    message: /nowhere/,
  });
});
