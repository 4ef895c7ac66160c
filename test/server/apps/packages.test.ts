import test from 'ava';
import { NodeError } from '../../../sdk/errors.ts';
import { Sources, startAppNode, telling } from './fixture.ts';

const NATIVE = {
  'package.json': '{"name": "native-thing", "version": "1.2.3", "main": "index.cjs"}',
  'index.cjs': `exports.where = () => __dirname; exports.answer = 42;`,
  'build/thing.node': 'not really',
};

async function addPackage(sources: Sources, name: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await sources.write(`node_modules/${name}/${path}`, text);
}

test('packages with native code stay out of the bundle, are declared, and come from where the node has them', async (t) => {
  await using sources = await Sources.make();
  await using there = await Sources.make();
  await addPackage(sources, 'native-thing', NATIVE);
  await addPackage(there, 'native-thing', { ...NATIVE, 'index.cjs': `exports.answer = "the node's own";` });
  await using node = await startAppNode({ packages: there.directory });
  const path = await sources.write(
    'app.ts',
    `import native from 'native-thing';
     import { createRequire } from 'node:module';
     ${telling('${native.answer}')}
     export const required = app.function('required', () => createRequire(import.meta.url)('native-thing').answer);`,
  );
  const { version } = await node.apps.deploy(path);
  t.deepEqual(version.packages, { 'native-thing': '1.2.3' });
  t.is(await node.warp.function('telling/which').remote(1), "the node's own 1");
  t.is(await node.warp.function('telling/required').remote(undefined), "the node's own");
});

test('a package that the node has not is told with its name and the mend, before anything runs', async (t) => {
  await using sources = await Sources.make();
  await using bare = await Sources.make();
  await using node = await startAppNode({ packages: bare.directory });
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  await addPackage(sources, 'native-thing', NATIVE);
  // Loaded only when a handler runs, so that loading the module would not find out.
  const path = await sources.write(
    'app.ts',
    telling('two', {
      more: `export const lazy = app.function('lazy', async () => (await import('native-thing')).default.answer);`,
    }),
  );
  const error = await t.throwsAsync(node.apps.deploy(path), { instanceOf: NodeError, code: 'PACKAGE_MISSING' });
  t.true(error.message.includes(`npm install native-thing@1.2.3\` in ${bare.directory}`), error.message);
  t.deepEqual(error.details, { packages: ['native-thing'] });
  t.is(await node.warp.function('telling/which').remote(0), 'one 0');

  await addPackage(bare, 'native-thing', NATIVE);
  t.is((await node.apps.deploy(path)).version.version, 2);
  t.is(await node.warp.function('telling/lazy').remote(undefined), 42);
});

test('packages without native code are in the bundle, unless they are named', async (t) => {
  await using sources = await Sources.make();
  await using bare = await Sources.make();
  await using node = await startAppNode({ packages: bare.directory });
  await addPackage(sources, '@scope/plain', {
    'package.json':
      '{"name": "@scope/plain", "version": "2.0.0", "type": "module", "exports": {"./part": "./part.js"}}',
    'part.js': `export const part = 'plain';`,
  });
  const path = await sources.write('app.ts', `import { part } from '@scope/plain/part'; ${telling('${part}')}`);
  const inside = await node.apps.deploy(path);
  t.deepEqual(inside.version.packages, {});
  t.is(await node.warp.function('telling/which').remote(0), 'plain 0');
  await t.throwsAsync(node.apps.deploy(path, { external: ['@scope/plain'] }), {
    code: 'PACKAGE_MISSING',
    message: /@scope\/plain@2\.0\.0/,
  });
});

test('a package that nobody declared, and that is not there, is told too', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write(
    'app.ts',
    `const name: string = 'left-behind'; await import(name); ${telling('one')}`,
  );
  await t.throwsAsync(node.apps.deploy(path), { code: 'PACKAGE_MISSING', message: /left-behind/ });
});
