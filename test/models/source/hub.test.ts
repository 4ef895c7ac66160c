import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LocalModel } from '../../../models/contract.ts';
import type { DownloadProgress, ResolveModelOptions } from '../../../models/source/index.ts';
import { resolveWith } from '../../../models/source/resolve.ts';
import { commit, HubServer, sendHalf, sendRange, sha256, type Halfway, type Intercept } from './hub-server.ts';
import { miniModel, temporaryFolder, weights } from './model-files.ts';

const repository = 'acme/mini';

interface Setting {
  readonly server: HubServer;
  readonly cache: string;
  readonly waits: number[];
  readonly resolve: (reference?: string, options?: ResolveModelOptions) => Promise<LocalModel>;
}

async function setting(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Buffer>> = miniModel,
  environment: Readonly<Record<string, string>> = {},
): Promise<Setting> {
  const server = await HubServer.start(repository, files);
  t.teardown(async () => server[Symbol.asyncDispose]());
  const cache = await temporaryFolder(t);
  const waits: number[] = [];
  return {
    server,
    cache,
    waits,
    resolve: async (reference = repository, options = {}) =>
      resolveWith(
        reference,
        { environment: { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache, ...environment }, cwd: cache, ...options },
        async (milliseconds) => {
          waits.push(milliseconds);
        },
      ),
  };
}

function blobs(cache: string): string[] {
  return readdirSync(join(cache, 'models--acme--mini', 'blobs'));
}

/** The first `times` answers of the storage host stop halfway, and break once the client has those bytes. */
function cutting(times: number): { intercept: Intercept; onProgress: (progress: DownloadProgress) => void } {
  let left = times;
  let halfway: Halfway | undefined;
  return {
    intercept(request, response, content) {
      if (content === undefined || left === 0) {
        return false;
      }
      left -= 1;
      halfway = sendHalf(request, response, content);
      return true;
    },
    onProgress({ file, receivedBytes }) {
      if (file === 'model.safetensors' && receivedBytes === halfway?.at) {
        halfway.cut();
      }
    },
  };
}

test('a repository is fetched, only the files that are needed, into the cache that huggingface_hub reads', async (t) => {
  const { server, cache, resolve } = await setting(t);
  const model = await resolve();
  t.like(model.spec, { name: repository, dims: 8, maxTokens: 24, pooling: 'cls', normalize: true });
  t.deepEqual(model.spec.prompts, { query: 'q: ' });
  const snapshot = join(cache, 'models--acme--mini/snapshots', commit);
  t.deepEqual(model.weights, { format: 'safetensors', paths: [join(snapshot, 'model.safetensors')] });
  t.is(model.tokenizer, join(snapshot, 'tokenizer.json'));
  t.true(model.origin.includes(commit));
  t.deepEqual(readFileSync(join(snapshot, 'model.safetensors')), weights);
  t.is(await readlink(join(snapshot, 'model.safetensors')), join('..', '..', 'blobs', sha256(weights)));
  t.is(await readlink(join(snapshot, '1_Pooling/config.json')).then((link) => link.slice(0, 15)), '../../../blobs/');
  t.is(readFileSync(join(cache, 'models--acme--mini/refs/main'), 'utf8'), commit);
  t.false(server.seen.some(({ url }) => /README|pytorch/.test(url)));
  t.is(server.stored.length, 1);
});

test('a cached repository is used without asking the hub, also by its commit', async (t) => {
  const { server, resolve } = await setting(t);
  const first = await resolve();
  const asked = server.seen.length;
  t.deepEqual(await resolve(), first);
  t.deepEqual((await resolve(`${repository}@${commit}`)).weights, first.weights);
  t.is(server.seen.length, asked);
});

test('files that another program has cached are not fetched again', async (t) => {
  const { server, cache, resolve } = await setting(t);
  await resolve();
  const asked = server.seen.length;
  // As a program leaves it that needs no pooling: then pooling would be a guess, so the hub is asked.
  rmSync(join(cache, 'models--acme--mini/snapshots', commit, 'modules.json'));
  t.is((await resolve()).spec.pooling, 'cls');
  t.deepEqual(
    server.seen.slice(asked).map(({ url }) => url),
    ['/api/models/acme/mini/revision/main', `/acme/mini/resolve/${commit}/modules.json`],
  );
  t.is(server.stored.length, 1);
});

test('a repository without modules.json is remembered to have none', async (t) => {
  const { 'modules.json': _, '1_Pooling/config.json': __, ...files } = miniModel;
  const { server, resolve } = await setting(t, files);
  t.like((await resolve()).spec, { pooling: 'mean', normalize: false });
  const asked = server.seen.length;
  await resolve();
  t.is(server.seen.length, asked);
});

test('the token goes to the hub and never to the origin that it redirects to', async (t) => {
  const { server, resolve } = await setting(t, miniModel, { HF_TOKEN: 'hf_secret' });
  await resolve();
  t.true(server.seen.every(({ authorization }) => authorization === 'Bearer hf_secret'));
  t.deepEqual(
    server.stored.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('without a token no authorization is sent', async (t) => {
  const { server, resolve } = await setting(t);
  await resolve();
  t.true(server.seen.every(({ authorization }) => authorization === undefined));
});

test('a redirect within the hub keeps the token', async (t) => {
  const { server, resolve } = await setting(t, miniModel, { HF_TOKEN: 'hf_secret' });
  server.intercept = (request, response) => {
    if (request.url?.startsWith('/api/models/acme/old/')) {
      response.writeHead(307, { location: '/api/models/acme/mini/revision/main' }).end();
      return true;
    }
    if (request.url?.startsWith('/acme/old/')) {
      response.writeHead(307, { location: request.url.replace('/acme/old/', '/acme/mini/') }).end();
      return true;
    }
    return false;
  };
  await resolve('acme/old');
  t.true(server.seen.every(({ authorization }) => authorization === 'Bearer hf_secret'));
});

test('a redirect in circles is given up', async (t) => {
  const { server, resolve } = await setting(t);
  server.intercept = (request, response) => {
    response.writeHead(302, { location: request.url }).end();
    return true;
  };
  await t.throwsAsync(resolve(), { code: 'MODEL_DOWNLOAD_FAILED', message: /redirects more than 5 times/ });
});

test('a body that is cut is continued from where it was, on condition that the file is the same', async (t) => {
  const { server, cache, waits, resolve } = await setting(t);
  const { intercept, onProgress } = cutting(2);
  server.interceptStorage = intercept;
  const model = await resolve(repository, { onProgress });
  t.deepEqual(readFileSync(model.weights.format === 'safetensors' ? (model.weights.paths[0] ?? '') : ''), weights);
  t.deepEqual(
    server.stored.map(({ range }) => range),
    [undefined, 'bytes=150000-', 'bytes=225000-'],
  );
  t.true(server.stored.slice(1).every(({ ifRange }) => ifRange === '"storage-etag"'));
  t.is(waits.length, 2);
  t.false(blobs(cache).some((name) => name.endsWith('.part')));
});

test('a download that was given up is continued by the next one', async (t) => {
  const { server, cache, resolve } = await setting(t);
  const controller = new AbortController();
  await t.throwsAsync(
    resolve(repository, {
      signal: controller.signal,
      onProgress: ({ file, receivedBytes }) => {
        if (file === 'model.safetensors' && receivedBytes > 0) {
          controller.abort();
        }
      },
    }),
    { name: 'AbortError' },
  );
  const [left] = blobs(cache).filter((name) => name.endsWith('.part'));
  t.is(left, `${sha256(weights)}.part`);
  const before = server.stored.length;
  await resolve();
  t.regex(server.stored.at(-1)?.range ?? '', /^bytes=[1-9]\d*-$/);
  t.true(server.stored.length > before);
  t.false(blobs(cache).some((name) => name.endsWith('.part')));
});

test('what a killed process left is continued, and what is wrong in it is noticed and fetched anew', async (t) => {
  for (const [content, whole] of [
    [weights.subarray(0, 100_000), false],
    [Buffer.alloc(100_000, 7), true],
    [weights, false],
    [Buffer.alloc(weights.length + 1, 7), true],
  ] as const) {
    const { server, cache, resolve } = await setting(t);
    const folder = join(cache, 'models--acme--mini', 'blobs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${sha256(weights)}.part`), content);
    const model = await resolve();
    t.deepEqual(readFileSync(model.weights.format === 'safetensors' ? (model.weights.paths[0] ?? '') : ''), weights);
    const last = server.stored.at(-1);
    t.is(last?.range === undefined, whole || content.length === weights.length);
  }
});

test('a server that sends the whole file instead of the rest is taken at its word', async (t) => {
  const { server, resolve } = await setting(t);
  const { intercept, onProgress } = cutting(1);
  server.interceptStorage = (request, response, content) => {
    if (intercept(request, response, content)) {
      return true;
    }
    delete request.headers.range;
    sendRange(request, response, content ?? Buffer.alloc(0));
    return true;
  };
  const model = await resolve(repository, { onProgress });
  t.deepEqual(readFileSync(model.weights.format === 'safetensors' ? (model.weights.paths[0] ?? '') : ''), weights);
});

test('bytes that don’t match the checksum are never kept', async (t) => {
  const { server, cache, resolve } = await setting(t);
  server.interceptStorage = (_request, response, content) => {
    const wrong = Buffer.from(content ?? '');
    wrong[1000] = (wrong[1000] ?? 0) ^ 1;
    response.writeHead(200, { 'content-length': wrong.length }).end(wrong);
    return true;
  };
  await t.throwsAsync(resolve(), { code: 'MODEL_CHECKSUM_MISMATCH', message: /model\.safetensors/ });
  t.false(blobs(cache).some((name) => name.startsWith(sha256(weights))));
});

test('a small file is checked by its git blob id', async (t) => {
  const { server, resolve } = await setting(t);
  server.intercept = (request, response) => {
    if (!request.url?.endsWith('/config.json') || request.url.includes('Pooling')) {
      return false;
    }
    response.writeHead(200, { etag: `"${'a'.repeat(40)}"` }).end('{}');
    return true;
  };
  await t.throwsAsync(resolve(), { code: 'MODEL_CHECKSUM_MISMATCH', message: /config\.json/ });
});

const refusals = [
  [401, 'MODEL_DOWNLOAD_FAILED', /private or gated: set HF_TOKEN/],
  [403, 'MODEL_DOWNLOAD_FAILED', /private or gated/],
  [404, 'MODEL_NOT_FOUND', /no such repository/],
  [410, 'MODEL_DOWNLOAD_FAILED', /Check HF_ENDPOINT/],
] as const;

for (const [status, code, message] of refusals) {
  test(`status ${status} is final, and says what to do`, async (t) => {
    const { server, waits, resolve } = await setting(t);
    server.intercept = (_request, response) => {
      response.writeHead(status, { 'x-error-message': 'because' }).end();
      return true;
    };
    const error = await t.throwsAsync(resolve(), { code, message });
    t.true(error?.message.includes(`answered ${status} (because)`));
    t.is(waits.length, 0);
  });
}

test('a refusal with a token speaks of the token without telling it', async (t) => {
  const { server, resolve } = await setting(t, miniModel, { HF_TOKEN: 'hf_secret' });
  server.intercept = (_request, response) => {
    response.writeHead(403).end();
    return true;
  };
  const error = await t.throwsAsync(resolve(), { message: /the token in HF_TOKEN may not read it/ });
  t.false(error?.message.includes('hf_secret'));
});

test('a server that fails for a while is asked again, with growing pauses or as it says', async (t) => {
  const { server, waits, resolve } = await setting(t);
  let failures = 0;
  server.intercept = (_request, response) => {
    failures += 1;
    if (failures > 3) {
      return false;
    }
    response.writeHead(503, failures === 3 ? { 'retry-after': '7' } : {}).end();
    return true;
  };
  await resolve();
  t.is(waits.length, 3);
  t.true((waits[0] ?? 0) >= 250 && (waits[0] ?? 0) <= 500, String(waits));
  t.true((waits[1] ?? 0) >= 500 && (waits[1] ?? 0) <= 1000, String(waits));
  t.is(waits[2], 7000);
});

test('a server that only fails is given up after five attempts', async (t) => {
  const { server, waits, resolve } = await setting(t);
  server.intercept = (_request, response) => {
    response.writeHead(500).end();
    return true;
  };
  await t.throwsAsync(resolve(), { code: 'MODEL_DOWNLOAD_FAILED', message: /failed 5 times/ });
  t.is(waits.length, 4);
});

test('progress tells the bytes of every file to its end', async (t) => {
  const { resolve } = await setting(t);
  const seen: DownloadProgress[] = [];
  await resolve(repository, { onProgress: (progress) => seen.push(progress) });
  const ofWeights = seen.filter(({ file }) => file === 'model.safetensors');
  t.deepEqual(ofWeights.at(-1), {
    file: 'model.safetensors',
    receivedBytes: weights.length,
    totalBytes: weights.length,
  });
  t.true(seen.some(({ file }) => file === 'tokenizer.json'));
});

test('a file name that leaves the snapshot is never fetched', async (t) => {
  const { resolve, server } = await setting(t, {
    ...miniModel,
    'modules.json': JSON.stringify([{ path: '../../evil', type: 'x.Transformer' }]),
  });
  await t.throwsAsync(resolve(), { code: 'MODEL_INVALID', message: /outside the model/ });
  t.false(server.seen.some(({ url }) => url.includes('evil')));
});

test('a repository with only pickled weights is refused in words', async (t) => {
  const { 'model.safetensors': _, ...files } = miniModel;
  const { resolve } = await setting(t, files);
  await t.throwsAsync(resolve(), { code: 'MODEL_UNSUPPORTED', message: /neither model\.safetensors nor onnx/ });
});

test('ONNX is taken where there are no safetensors, with its external data', async (t) => {
  const { 'model.safetensors': _, ...files } = miniModel;
  const { server, resolve } = await setting(t, {
    ...files,
    'onnx/model.onnx': 'graph',
    'onnx/model.onnx_data': 'data',
  });
  const model = await resolve();
  t.is(model.weights.format, 'onnx');
  t.true(server.seen.some(({ url }) => url.endsWith('onnx/model.onnx_data')));
});

test('sharded safetensors are fetched by their index', async (t) => {
  const { 'model.safetensors': _, ...files } = miniModel;
  const { resolve } = await setting(t, {
    ...files,
    'model.safetensors.index.json': JSON.stringify({
      weight_map: { a: 'model-2.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' },
    }),
    'model-1.safetensors': 'one',
    'model-2.safetensors': 'two',
  });
  const model = await resolve();
  t.deepEqual(model.weights.format === 'safetensors' && model.weights.paths.map((path) => readFileSync(path, 'utf8')), [
    'one',
    'two',
  ]);
});
