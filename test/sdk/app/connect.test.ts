import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { repeat } from '../../../shard/iterables.ts';
import { writeTinyModel } from '../../fixtures/tinyModel.ts';
import * as tricks from '../../server/host/apps/tricks.ts';

const model = await mkdtemp(join(tmpdir(), 'warpmap-app-'));
test.before(() => writeTinyModel(model));
test.after.always(() => rm(model, { recursive: true }));
const settings = { model, device: 'cpu', startTimeout: 60_000 };
const apps = new URL('../../server/host/apps/', import.meta.url);

test.serial('a local server runs the app that connect names, and its model embeds for its handlers', async (t) => {
  t.timeout(90_000);
  await using warp = await connect({ ...settings, app: new URL('tricks.ts', apps) });
  t.deepEqual(await Array.fromAsync(warp.function(tricks.join).map(['a', 'b'], repeat(2))), ['aa', 'bb']);
  const { dims, data } = await warp.function(tricks.embedded).remote('a dog');
  t.is(dims, warp.model.dims);
  const own = await warp.embed(['a dog']);
  t.true(data.every((value, at) => Math.abs(value - own.data[at]!) < 1e-5));
});

test.serial('an app that does not load is why connect fails', async (t) => {
  t.timeout(90_000);
  const failed = connect({ ...settings, app: new URL('throws.ts', apps) });
  await t.throwsAsync(failed, { code: 'SERVER_START_FAILED', message: /RangeError: the app is out of range/ });
});

test.serial('an app at an address of the web is refused', async (t) => {
  await t.throwsAsync(connect({ ...settings, app: 'https://example.com/app.ts' }), {
    code: 'OPTION_INVALID',
    message: 'Expected app to be a path or a file: URL, got https://example.com/app.ts',
  });
});
