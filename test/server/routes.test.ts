import { readFile } from 'node:fs/promises';
import test from 'ava';
import { request } from 'undici';
import { statusOf } from '../../server/status.ts';
import { ask } from './fixtures/client.ts';
import { startNode } from './fixtures/node.ts';

async function call(url: string, method: 'GET' | 'DELETE' = 'GET') {
  const { statusCode, body } = await request(url, { method });
  const text = await body.text();
  return { status: statusCode, text, json: (): unknown => JSON.parse(text) };
}

test('the node tells its version, device, model and functions', async (t) => {
  await using node = await startNode();
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { json } = await call(`${node.url}/v1/node`);
  t.deepEqual(json(), {
    version,
    device: { ...node.engine.device, features: [] },
    model: node.engine.model,
    functions: ['embed', 'similarity', 'topK', 'upsert', 'remove'],
    draining: false,
  });
});

test('collections are listed, described and dropped', async (t) => {
  await using node = await startNode();
  t.deepEqual((await call(`${node.url}/v1/collections`)).json(), { collections: [] });
  const name = 'films & séries/2024';
  await node.engine.collection(name).upsert([{ id: 1, text: 'a' }]);
  const described = { name, type: 'f32', metric: 'cosine', dims: 8, rescore: false, size: 1 };
  t.deepEqual((await call(`${node.url}/v1/collections`)).json(), { collections: [described] });
  const url = `${node.url}/v1/collections/${encodeURIComponent(name)}`;
  t.deepEqual((await call(url)).json(), described);
  t.like((await call(`${url}/explain?queries=3&k=7`)).json(), { backend: 'javascript', bytes: 96, flops: 7 });
  t.like((await call(`${url}/explain`)).json(), { bytes: 32, flops: 10 });
  for (const wrong of ['k=0', 'k=10001', 'queries=x', 'n=1']) {
    const refused = await call(`${url}/explain?${wrong}`);
    t.is(refused.status, 400, wrong);
    t.like(refused.json(), { error: { code: 'OPTION_INVALID' } });
  }
  t.is((await call(url, 'DELETE')).status, 204);
  t.is(node.engine.collections().length, 0);
  t.is((await call(url, 'DELETE')).status, 204, 'dropping again is as good');
  const missing = await call(url);
  t.is(missing.status, 404);
  t.like(missing.json(), { error: { code: 'COLLECTION_NOT_FOUND' } });
  t.is((await call(`${url}/explain`)).status, 404);
});

test('metrics count requests, batches, inputs and failures, and observe the process', async (t) => {
  await using node = await startNode();
  const { arrived, release } = node.engine.hold();
  const running = ask({ url: node.url, form: 'frames', inputs: ['a', 'b', 3] });
  await arrived;
  t.regex((await call(`${node.url}/metrics`)).text, /^warpmap_batches_in_flight 1$[^]*^warpmap_inputs_in_flight 3$/m);
  release();
  await running;
  await ask({ url: node.url, form: 'json', inputs: [1] });
  await ask({ url: node.url, form: 'json', function: 'constructor' });
  const { text } = await call(`${node.url}/metrics`);
  for (const line of [
    'warpmap_requests_total{route="/v1/map",status="200"} 1',
    'warpmap_requests_total{route="/v1/map",status="400"} 1',
    'warpmap_requests_total{route="/v1/map",status="404"} 1',
    'warpmap_batches_total{function="embed",outcome="ok"} 1',
    'warpmap_batches_total{function="embed",outcome="INPUT_INVALID"} 1',
    'warpmap_inputs_total{function="embed"} 4',
    'warpmap_failures_total{function="embed",code="INPUT_INVALID"} 1',
    'warpmap_batch_seconds_count{function="embed"} 2',
    'warpmap_batches_in_flight 0',
    'warpmap_inputs_in_flight 0',
    'warpmap_ready 1',
  ]) {
    t.true(text.includes(`${line}\n`), line);
  }
  t.notRegex(text, /constructor/, 'names that a client makes up are no labels');
  t.regex(text, /^nodejs_eventloop_lag_p99_seconds \d/m);
  t.regex(text, /^process_resident_memory_bytes \d/m);
});

test('two servers in one process count apart', async (t) => {
  await using one = await startNode();
  await using other = await startNode();
  await ask({ url: one.url, form: 'json' });
  t.regex((await call(`${one.url}/metrics`)).text, /warpmap_inputs_total\{function="embed"\} 1/);
  t.notRegex((await call(`${other.url}/metrics`)).text, /warpmap_inputs_total\{/);
});

test('the table of errors in docs/wire.md has the statuses that the server sends', async (t) => {
  const text = await readFile(new URL('../../docs/wire.md', import.meta.url), 'utf8');
  const rows = text.slice(text.indexOf('## Errors')).matchAll(/^\| (\d{3}) \| ([^|]+) \|/gm);
  let codes = 0;
  for (const [, status, cell] of rows) {
    for (const [, code] of cell!.matchAll(/`([A-Z_]+)`/g)) {
      t.is(statusOf[code as keyof typeof statusOf], Number(status), code);
      codes++;
    }
  }
  t.true(codes >= 15);
});

test('each metric that docs/operations.md names exists, and the other way round', async (t) => {
  await using node = await startNode();
  await ask({ url: node.url, form: 'json', inputs: ['a', 1] });
  const docs = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  // Each has a line of the table of metrics.
  const documented = new Set([...docs.matchAll(/^\| `(warpmap_[a-z_]+)/gm)].map(([, name]) => name));
  const { text } = await call(`${node.url}/metrics`);
  const existing = new Set([...text.matchAll(/^# HELP (warpmap_[a-z_]+) /gm)].map(([, name]) => name));
  t.deepEqual(documented, existing);
});
