import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openEngine } from '../../core/open.ts';
import { startServer } from '../../server/server.ts';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
import { ask, FORMS } from './fixtures/client.ts';

test('a node over the real engine gives what the engine gives', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-test-'));
  try {
    await writeTinyModel(folder);
    await using engine = await openEngine({ model: folder, device: 'cpu', threads: 1 });
    await using server = await startServer({ engine });
    const { url } = server;
    const texts = Array.from({ length: 300 }, (_, index) => `the dog of the ${index} seas`);
    const { dims, data } = await engine.embed(texts);
    const options = { collection: 'seas' };

    for (const form of FORMS) {
      const embedded = await ask({ url, form, inputs: texts });
      t.is(embedded.outputs.length, 300);
      for (const [row, output] of embedded.outputs.entries()) {
        const vector = Float32Array.from(output as ArrayLike<number>);
        t.true(dot(vector, data.subarray(row * dims, (row + 1) * dims)) > 0.99999, `${form} ${row}`);
      }

      const items = texts.map((text, id) => ({ id, text }));
      const upserted = await ask({ url, form, function: 'upsert', inputs: items, options });
      t.like(upserted.end, { count: 300, failed: 0 });
      t.is(engine.existingCollection('seas').size, 300);

      const pairs = [
        [texts[7], 7],
        [texts[7], 'nobody'],
        [data.subarray(0, dims), 0],
      ];
      const scored = await ask({ url, form, function: 'similarity', inputs: pairs, options });
      t.deepEqual(scored.failures, [{ index: 1, code: 'ID_NOT_FOUND' }]);
      for (const index of [0, 2]) t.true((scored.outputs[index] as [number, number])[1] > 0.9999);

      const found = await ask({ url, form, function: 'topK', inputs: [texts[42]], options: { ...options, k: 3 } });
      t.deepEqual((found.outputs[0] as { id: number }[]).map(({ id }) => id).slice(0, 1), [42]);

      t.is((await ask({ url, form, options: { prompt: 'riddle' } })).code, 'OPTION_INVALID');
      const narrow = await ask({ url, form, function: 'topK', inputs: [new Float32Array(dims - 1)], options });
      t.is(narrow.status, 409);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a client that is gone leaves the real engine free for the next', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-test-'));
  try {
    await writeTinyModel(folder);
    await using engine = await openEngine({ model: folder, device: 'cpu', threads: 1 });
    await using server = await startServer({ engine });
    const controller = new AbortController();
    const inputs = Array.from({ length: 20_000 }, (_, index) => `a dog ${index}`);
    const running = ask({ url: server.url, form: 'frames', inputs, signal: controller.signal });
    const gone = t.throwsAsync(running);
    while ((await metric(server.url, 'warpmap_inputs_in_flight')) === 0);
    controller.abort();
    await gone;
    while ((await metric(server.url, 'warpmap_batches_in_flight')) > 0);
    t.is((await ask({ url: server.url, form: 'frames', inputs: ['a dog'] })).outputs.length, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
