import test from 'ava';
import { compileCache } from '../../../server/host/compile-cache.ts';
import { runCommand } from '../../cli/fixtures/command.ts';
import { appPath } from './harness.ts';

test('an app that declares itself with this package loads no engine, no client and no server with it', async (t) => {
  const { code, stdout } = await runCommand(appPath('loads'), []);
  t.is(code, 0);
  const loaded = JSON.parse(stdout) as string[];
  const heavy =
    /\/node_modules\/|\/core\/(?:engine|open|runtime|encoder)|\/server\/|\/transport\/|\/sdk\/connection|\/local\/engine/;
  t.true(loaded.some((url) => url.endsWith('/sdk/app/app.ts')));
  t.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  );
});

test('what workers compile is kept in the user’s cache, unless the user says where', (t) => {
  t.deepEqual(compileCache({ WARPMAP_CACHE: '/c' }), { NODE_COMPILE_CACHE: '/c/compile' });
  t.deepEqual(compileCache({ XDG_CACHE_HOME: '/x' }), { NODE_COMPILE_CACHE: '/x/warpmap/compile' });
  t.deepEqual(compileCache({ NODE_COMPILE_CACHE: '/own' }), {});
});
