import test from 'ava';
import { request } from 'undici';
import { builtIns } from '../../../core/functions/registry.ts';
import { NodeError } from '../../../sdk/errors.ts';
import { Apps } from '../../../sdk/deploy/apps.ts';
import { AppHost } from '../../../server/host/app-host.ts';
import { parseTokens } from '../../../server/access/tokens.ts';
import { createLog } from '../../../server/log.ts';
import { startNode } from '../fixtures/node.ts';
import { tricksPath } from '../host/harness.ts';
import { Sources, startAppNode, telling, TOKEN } from './fixture.ts';

test('an app of the name of the one that the node serves is refused', async (t) => {
  await using sources = await Sources.make();
  await using host = await AppHost.open(tricksPath, { log: createLog({ level: 'silent' }) });
  await using node = await startAppNode({ functions: [...builtIns, ...host.functions] });
  const path = await sources.write('app.ts', telling('one', { name: 'tricks' }));
  await t.throwsAsync(node.apps.deploy(path), { code: 'APP_SERVED', message: /--name/ });
  t.deepEqual(await node.apps.list(), []);
  const { app } = await node.apps.deploy(path, { name: 'others' });
  t.is(app, 'others');
  t.is(await node.warp.function('others/which').remote(0), 'one 0');
  t.is(await node.warp.function('tricks/double').remote(2), 4);
});

test('deploying needs the scope for it, looking another', async (t) => {
  await using sources = await Sources.make();
  const tokens = parseTokens('reader read reads-only-1\ncaller call calls-only-1\nci deploy deploys-only');
  await using node = await startAppNode({ tokens });
  const path = await sources.write('app.ts', telling('one'));
  const as = (token: string) => Apps.open({ nodes: [node.url], token });
  await using ci = await as('deploys-only');
  await using reader = await as('reads-only-1');
  await using caller = await as('calls-only-1');
  for (const apps of [reader, caller]) {
    for (const ask of [() => apps.deploy(path), () => apps.stop('telling'), () => apps.rollback('telling')]) {
      await t.throwsAsync(ask(), { instanceOf: NodeError, code: 'SCOPE_MISSING' });
    }
  }
  await ci.deploy(path);
  t.is((await reader.list()).length, 1);
  t.is((await reader.history('telling')).changes[0]?.by, 'ci');
  await t.throwsAsync(caller.list(), { code: 'SCOPE_MISSING' });
});

test('nobody deploys to a node without a token', async (t) => {
  await using sources = await Sources.make();
  await using node = await startNode();
  await using apps = await Apps.open({ nodes: [node.url] });
  const path = await sources.write('app.ts', telling('one'));
  await t.throwsAsync(apps.deploy(path), { code: 'SCOPE_MISSING', message: /without a token/ });
});

const HASH = '0'.repeat(64);
for (const [what, body, code, message] of [
  ['an unknown field', { bundle: HASH, packages: {}, strat: 1 }, 'OPTION_INVALID', /strat/],
  ['a hash that is a path', { bundle: '../../x', packages: {} }, 'OPTION_INVALID', /64 hex digits/],
  ['a name that is a path', { bundle: HASH, name: '../x' }, 'OPTION_INVALID', /a letter/],
  ['a name of a run', { bundle: HASH, name: 'app~run' }, 'OPTION_INVALID', /a letter/],
  ['a run that is a path', { bundle: HASH, run: '../x' }, 'OPTION_INVALID', /run/],
  ['a package that is a flag', { bundle: HASH, packages: { '--global': '' } }, 'OPTION_INVALID', /npm package/],
  ['a version that is a command', { bundle: HASH, packages: { x: '1; rm' } }, 'OPTION_INVALID', /1\.2\.3/],
  ['a strategy that there is not', { bundle: HASH, strategy: 'canary' }, 'OPTION_INVALID', /rolling or recreate/],
  ['a tag with a line break', { bundle: HASH, tag: 'a\nb' }, 'OPTION_INVALID', /control character/],
  ['a bundle that was not uploaded', { bundle: HASH, packages: {} }, 'BUNDLE_CORRUPT', /is not there/],
] as const) {
  test(`a deploy with ${what} is refused`, async (t) => {
    await using node = await startAppNode();
    const answer = await request(`${node.url}/v1/apps`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { error } = (await answer.body.json()) as { error: { code: string; message: string } };
    t.is(error.code, code);
    t.regex(error.message, message);
  });
}

test('a bundle that is not what it says, or is too large, is not stored', async (t) => {
  await using node = await startAppNode({ limits: { bundleBytes: 1_000 } });
  const put = async (bytes: number) => {
    const answer = await request(`${node.url}/v1/bundles/${HASH}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: new Uint8Array(bytes),
    });
    return ((await answer.body.json()) as { error: { code: string; message: string } }).error;
  };
  t.like(await put(10), { code: 'OPTION_INVALID' });
  const large = await put(1_001);
  t.is(large.code, 'BODY_TOO_LARGE');
  t.regex(large.message, /--external/);
});

test('names that a module makes up by itself are refused as names of clients are', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write(
    'app.ts',
    `import { App } from 'warpmap';
     const APP = Symbol.for('warpmap.app.1');
     const app = new App('fine');
     app.function('fn', () => 1);
     export const forged = { [APP]: { ...app[APP], name: '../../bundles' } };`,
  );
  await t.throwsAsync(node.apps.deploy(path), { code: 'OPTION_INVALID', message: /name of an app/ });
});

test('logs of an app are kept by its node, in order, with the run that wrote them', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write(
    'app.ts',
    `import { App, context } from 'warpmap';
     export const app = new App('speaking');
     console.log('loaded');
     export const speak = app.function('speak', (text: string) => { context().log.warn(text, { length: text.length }); });`,
  );
  await node.apps.deploy(path);
  await node.warp.function('speaking/speak').remote('hello');
  await node.journal.says('hello');
  const lines = await node.apps.logs('speaking');
  t.like(lines[0], { message: 'loaded', level: 'info', version: 1, node: node.url });
  t.like(lines.at(-1), {
    message: 'hello',
    level: 'warn',
    version: 1,
    function: 'speak',
    index: 0,
    fields: { length: 5 },
  });
  t.deepEqual(await node.apps.logs('silent'), []);
});

test('a node that is about to end takes no deploy; the next one does', async (t) => {
  await using sources = await Sources.make();
  await using leaving = await startAppNode();
  await using staying = await startAppNode();
  await leaving.server.drain(0);
  const path = await sources.write('app.ts', telling('one'));
  await t.throwsAsync(leaving.apps.deploy(path), { code: 'NODE_DRAINING' });
  await using apps = await Apps.open({ nodes: ['127.0.0.1:1', leaving.url, staying.url], token: TOKEN });
  // It keeps its apps elsewhere, which is told after.
  await t.throwsAsync(apps.deploy(path), { code: 'STORES_DIFFER' });
  t.is((await staying.apps.list()).length, 1);
});
