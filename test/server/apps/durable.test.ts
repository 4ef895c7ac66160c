import test from 'ava';
import { Sources, startAppNode, telling } from './fixture.ts';

test('a durable call is run by the version that was current when it began, after others were deployed', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  const second = await sources.write('two.ts', telling('two'));
  async function* inputs() {
    for (let input = 0; input < 3; input++) yield input;
    await node.apps.deploy(second);
    for (let input = 3; input < 6; input++) yield input;
  }
  const call = await node.warp.function('telling', 'which').spawnMap(inputs());
  t.deepEqual(
    await call.get(),
    [0, 1, 2, 3, 4, 5].map((input) => `one ${input}`),
  );
  t.is((await call.status()).version, 1);
  const pinned = await node.warp.function('telling', 'which', { version: 1 }).spawn(7);
  t.is(await pinned.get(), 'one 7');
  t.is(await (await node.warp.function('telling', 'which').spawn(8)).get(), 'two 8');
});

test('what a durable call has left waits while its app is stopped, and goes on when it is rolled back', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  const which = node.warp.function('telling', 'which');
  const began = Promise.withResolvers<void>();
  async function* inputs() {
    yield 0;
    began.resolve();
    await node.apps.stop('telling');
    yield 1;
  }
  const call = await which.spawnMap(inputs());
  await began.promise;
  await t.throwsAsync(which.spawn(2), { code: 'APP_STOPPED' });
  t.is((await call.status()).state, 'sealed');
  await node.apps.rollback('telling');
  t.deepEqual(await call.get(), ['one 0', 'one 1']);
});

test('a key stands for its call also once another version is current, unless a version is asked for', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  const first = await node.warp.function('telling', 'which').spawnMap([1], { key: 'nightly' });
  await first.wait();
  await node.apps.deploy(await sources.write('two.ts', telling('two')));
  const again = await node.warp.function('telling', 'which').spawnMap([1], { key: 'nightly' });
  t.is(again.id, first.id);
  t.deepEqual(await again.get(), ['one 1']);
  const other = node.warp.function('telling', 'which', { version: 2 });
  await t.throwsAsync(other.spawnMap([1], { key: 'nightly' }), { code: 'CALL_CONFLICT' });
});
