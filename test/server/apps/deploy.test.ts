import test from 'ava';
import { NodeError, SdkError } from '../../../sdk/errors.ts';
import { InputError } from '../../../shard/errors.ts';
import { Sources, startAppNode, telling } from './fixture.ts';

test('an app that was deployed is called by its name, by who never saw its source', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await sources.write('deep/text.ts', `export const text: string = 'version one';`);
  const path = await sources.write(
    'app.ts',
    `import { text } from './deep/text.ts'; ${telling('${text}', { more: `export const add = app.function('add', (a: number, b: number) => a + b);` })}`,
  );
  const deployed = await node.apps.deploy(path, { tag: 'first' });
  t.like(deployed, { app: 'telling', created: true });
  t.like(deployed.version, { version: 1, tag: 'first', strategy: 'rolling', packages: {} });
  t.deepEqual(deployed.version.functions, [
    { name: 'which', generator: false, exported: 'which', minWorkers: 0 },
    { name: 'add', generator: false, exported: 'add', minWorkers: 0 },
  ]);
  const outputs = await Array.fromAsync(node.warp.function<number, string>('telling/which').map([1, 2, 3]));
  t.deepEqual(outputs, ['version one 1', 'version one 2', 'version one 3']);
  const [status] = await node.warp.nodes();
  t.true(status?.reachable === true && status.functions.includes('telling/add'));
});

test('the same source is the same version, unless another is wanted', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write('app.ts', telling('one'));
  const first = await node.apps.deploy(path);
  const again = await node.apps.deploy(path);
  t.false(again.created);
  t.deepEqual(again.version, first.version);
  await using elsewhere = await Sources.make();
  const copy = await node.apps.deploy(await elsewhere.write('app.ts', telling('one')));
  t.false(copy.created, 'wherever it is');
  const forced = await node.apps.deploy(path, { force: true });
  t.like(forced, { created: true, version: { version: 2, bundle: first.version.bundle } });
});

test('a second version is current, the first one is there by its number, and comes back', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const which = (name: string) => node.warp.function<number, string>(name).remote(0);
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  t.is(await which('telling/which'), 'one 0');
  await node.apps.deploy(await sources.write('app.ts', telling('two')));
  t.is(await which('telling/which'), 'two 0');
  t.is(await which('telling/which@1'), 'one 0');
  t.is(await which('telling/which@2'), 'two 0');
  await t.throwsAsync(which('telling/which@3'), { code: 'FUNCTION_NOT_FOUND', message: /telling\/which@3/ });

  const rolled = await node.apps.rollback('telling');
  t.is(rolled.current, 1);
  t.is(await which('telling/which'), 'one 0');
  t.is((await node.apps.rollback('telling')).current, 2, 'there and back');
  t.is((await node.apps.rollback('telling', { version: 1 })).current, 1);
  await t.throwsAsync(node.apps.rollback('telling', { version: 7 }), { code: 'APP_UNKNOWN', message: /no version 7/ });
  t.deepEqual(
    (await node.apps.history('telling')).changes.map(({ number, type, by }) => [number, type, by]),
    [
      [1, 'deploy', 'token'],
      [2, 'deploy', 'token'],
      [3, 'rollback', 'token'],
      [4, 'rollback', 'token'],
      [5, 'rollback', 'token'],
    ],
  );
});

test('an app that was stopped runs nothing, until a version of it is current again', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const which = (name: string) => node.warp.function<number, string>(name).remote(0);
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  t.is(await which('telling/which'), 'one 0');
  await node.apps.stop('telling');
  await t.throwsAsync(which('telling/which'), { instanceOf: NodeError, code: 'APP_STOPPED' });
  await t.throwsAsync(which('telling/which@1'), { instanceOf: NodeError, code: 'APP_STOPPED' });
  const [listed] = await node.apps.list();
  t.is(listed?.current, undefined);
  t.is((await node.apps.rollback('telling')).current, 1);
  t.is(await which('telling/which'), 'one 0');
  await t.throwsAsync(node.apps.stop('nothing'), { instanceOf: NodeError, code: 'APP_UNKNOWN' });
});

test('errors of a deployed handler name the files of the source', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await sources.write(
    'src/deep.ts',
    `interface Long {\n  readonly text: string;\n}\n\nexport function fail({ text }: Long): never {\n  throw new RangeError(text);\n}\n`,
  );
  const path = await sources.write(
    'app.ts',
    `import { App } from 'warpmap';
import { fail } from './src/deep.ts';
export const app = new App('failing');
export const failing = app.function('failing', (text: string) => fail({ text }));`,
  );
  await node.apps.deploy(path);
  const error = await t.throwsAsync(node.warp.function('failing/failing').remote('no'), { instanceOf: InputError });
  const stack = error.remoteStack ?? '';
  t.regex(stack, /RangeError: no/);
  t.regex(stack, /src\/deep\.ts:6:9/);
  t.regex(stack, /app\.ts:4:\d+/);
  t.notRegex(stack, /bundles|\.mjs|node:/);
});

for (const [what, source, code, message] of [
  [
    'throws when it is loaded',
    `${telling('two')}\nnull!.x;\nthrow new Error('no database');`,
    'BUNDLE_INVALID',
    /TypeError|no database/,
  ],
  ['exports no app', `export const nothing = 1;`, 'APP_INVALID', /exports no App/],
  ['exports two apps', `${telling('two')} export const other = new App('other');`, 'APP_INVALID', /exports 2 Apps/],
  [
    'declares no function',
    `import { App } from 'warpmap'; export const app = new App('telling');`,
    'APP_INVALID',
    /declares no function/,
  ],
  ['ends its process', `${telling('two')} process.exit(3);`, 'BUNDLE_INVALID', /exit code 3/],
] as const) {
  test(`a bundle that ${what} is refused, and the version before stays`, async (t) => {
    await using sources = await Sources.make();
    await using node = await startAppNode();
    await node.apps.deploy(await sources.write('app.ts', telling('one')));
    const path = await sources.write('app.ts', source);
    const error = await t.throwsAsync(node.apps.deploy(path, { name: 'telling' }), { instanceOf: NodeError, code });
    t.regex(error.message, message);
    t.notRegex(error.message, /bundles\//);
    t.is(await node.warp.function('telling/which').remote(0), 'one 0');
    t.is((await node.apps.history('telling')).changes.length, 1);
  });
}

test('what can not be bundled is told with file, line and column', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write('app.ts', `import { x } from './gone.ts';\nexport const y = x +;\n`);
  await t.throwsAsync(node.apps.deploy(path), {
    instanceOf: SdkError,
    code: 'BUNDLE_FAILED',
    message: /app\.ts:2:21: Unexpected/,
  });
  await sources.write('app.ts', `import { x } from './gone.ts';\nimport 'not-there';\nconsole.log(x);\n`);
  const error = await t.throwsAsync(node.apps.deploy(path), { code: 'BUNDLE_FAILED' });
  t.regex(error.message, /app\.ts:1:19: Could not resolve "\.\/gone\.ts"/);
  t.regex(error.message, /app\.ts:2:8: Could not resolve "not-there".*--external/);
  await t.throwsAsync(node.apps.deploy('nowhere.ts'), { code: 'BUNDLE_FAILED', message: /There is no file/ });
});
