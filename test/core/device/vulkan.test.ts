import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { createDawn } from '../../../core/device/dawn.ts';
import { openGpu, resolveDevice } from '../../../core/device/index.ts';
import { installSwiftShader, swiftShaderMissing } from '../../../core/device/swiftshader.ts';
import { showDriver } from '../../../core/device/vulkan.ts';

const withGpu = swiftShaderMissing() === undefined ? test.serial : test.serial.skip;
const NAMES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_LOADER_DRIVERS_SELECT'];

withGpu('a driver is shown until it is let go, and the user\u2019s own choice comes back', async (t) => {
  set(t, { VK_DRIVER_FILES: '/mine.json', VK_LOADER_DRIVERS_SELECT: 'mine*' });
  const driver = await installSwiftShader();
  {
    using _shown = await showDriver(driver);
    t.deepEqual(
      NAMES.map((name) => process.env[name]),
      [driver.manifest, driver.manifest, undefined],
    );
  }
  t.deepEqual(
    NAMES.map((name) => process.env[name]),
    ['/mine.json', undefined, 'mine*'],
  );
});

withGpu('whoever looks for real GPUs waits until no emulated one is shown', async (t) => {
  set(t, {});
  const shown = await showDriver(await installSwiftShader());
  const looking = createDawn({});
  let found = false;
  void looking.then(() => (found = true));
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.false(found);
  shown[Symbol.dispose]();
  const { adapter } = await looking;
  t.notRegex(adapter?.info.device ?? '', /swiftshader/i);
});

withGpu('lookers for real GPUs do not wait for each other', async (t) => {
  using _one = await showDriver(undefined);
  using _other = await showDriver(undefined);
  t.pass();
});

withGpu('the machine\u2019s own drivers stay in reach while the emulated GPU is open', async (t) => {
  await using gpu = await openGpu(await resolveDevice('software'));
  const driver = await installSwiftShader();
  // A second copy stands in for the driver of a real GPU.
  const own = await mkdtemp(path.join(os.tmpdir(), 'warpmap-own-driver-'));
  t.teardown(() => rm(own, { recursive: true }));
  await cp(path.dirname(driver.manifest), own, { recursive: true });
  set(t, { VK_DRIVER_FILES: path.join(own, path.basename(driver.manifest)) });
  const { adapter } = await createDawn({});
  t.truthy(adapter);
  t.true((await readFile('/proc/self/maps', 'utf8')).includes(own));
  gpu.check();
});

/** Sets these variables and clears the others for the rest of the test. */
function set(t: { teardown(undo: () => void): void }, values: Readonly<Record<string, string>>): void {
  const before = NAMES.map((name) => [name, process.env[name]] as const);
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, values);
}
