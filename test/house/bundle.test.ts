import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
import { longTest } from '../long.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

longTest(
  'a bundle, which takes long to pack, runs where there is no Node, no network and nothing installed',
  async (t) => {
    t.timeout(180_000);
    const folder = await mkdtemp(join(tmpdir(), 'warpmap-bundle-test-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const archive = join(folder, 'bundle.tar');
    await run(process.execPath, [join(repository, 'scripts/bundle.ts'), '--compression', 'none', '--out', archive]);
    await run('tar', ['-C', folder, '-xf', archive]);
    const model = await writeTinyModel(join(folder, 'model'));

    // Nothing of this machine's set-up but the system's own commands.
    const env = { HOME: folder, PATH: '/usr/bin:/bin', HF_HUB_OFFLINE: '1' };
    const command = join(folder, 'warpmap/warpmap');
    const { stdout: version } = await run(command, ['--version'], { cwd: folder, env });
    t.regex(version, /^\d+\.\d+\.\d+\n$/v);
    const embedding = run(command, ['embed', '--model', model, '--device', 'cpu', '-'], { cwd: folder, env });
    embedding.child.stdin?.end('the sea\nthe moon\n');
    const vectors = (await embedding).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    t.deepEqual(
      vectors.map((vector) => vector.length),
      [32, 32],
    );
  },
);
