import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { memoryMain, runCommand, startNode } from '../fixtures/command.ts';

test('volumes are made, filled, listed, read, copied and emptied', async (t) => {
  t.timeout(240_000);
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-cli-volume-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const node = await startNode(['--data', join(folder, 'data')]);
  t.teardown(() => {
    node.process.kill();
    return node.ended;
  });
  const volume = (args: readonly string[], input?: string): ReturnType<typeof runCommand> =>
    runCommand(memoryMain, ['volume', ...args], {
      env: { WARPMAP_NODES: node.url },
      ...(input !== undefined && { input }),
    });
  const at = (...names: string[]): string => join(folder, ...names);
  await mkdir(at('source', 'below'), { recursive: true });
  await writeFile(at('source', 'a.txt'), 'a');
  await writeFile(at('source', 'below', 'b.txt'), 'b');
  await writeFile(at('secret'), 'secret');
  await symlink(at('secret'), at('source', 'link'));

  const missing = await volume(['ls', 'v']);
  t.deepEqual([missing.code, missing.stdout], [1, '']);
  t.regex(missing.stderr, /^error VOLUME_NOT_FOUND: /v);
  t.is((await volume(['create', 'v'])).code, 0);
  t.deepEqual(await volume(['list']), { code: 0, stdout: 'v\n', stderr: '' });

  t.is((await volume(['put', 'v', at('source'), 'in'])).code, 2);
  t.deepEqual(await volume(['put', '-r', 'v', at('source'), 'in']), { code: 0, stdout: '', stderr: '' });
  t.is((await volume(['put', 'v', '-', 'in/c'], 'from a pipe')).code, 0);
  t.is((await volume(['cp', 'v', 'in/c', 'copy of c'])).code, 0);
  t.is((await volume(['ls', 'v'])).stdout, 'copy of c\nin/a.txt\nin/below/b.txt\nin/c\n');
  t.is((await volume(['ls', 'v', 'in/b'])).stdout, 'in/below/b.txt\n');
  const [first] = (await volume(['ls', '--json', 'v'])).stdout.split('\n');
  t.like(JSON.parse(first!), { path: 'copy of c', bytes: 11, version: 3 });

  t.deepEqual(await volume(['get', 'v', 'in/c', '-']), { code: 0, stdout: 'from a pipe', stderr: '' });
  t.is((await volume(['get', '-r', 'v', 'in', at('out')])).code, 0);
  t.deepEqual((await readdir(at('out'), { recursive: true })).toSorted(), ['a.txt', 'below', 'below/b.txt', 'c']);
  t.is(await readFile(at('out', 'below', 'b.txt'), 'utf8'), 'b');
  const absent = await volume(['get', 'v', 'nothing', '-']);
  t.deepEqual([absent.code, absent.stdout], [1, '']);
  t.regex(absent.stderr, /^error FILE_NOT_FOUND: .*"nothing" in the volume v/v);

  t.is((await volume(['rm', 'v', 'in/c', 'in/nothing'])).code, 1);
  t.is((await volume(['ls', 'v', 'in/c'])).stdout, 'in/c\n');
  t.is((await volume(['rm', '-r', 'v', 'in', 'copy of c'])).code, 0);
  t.is((await volume(['ls', 'v'])).stdout, '');
  t.is((await volume(['delete', 'v'])).code, 0);
  t.is((await volume(['delete', 'v'])).code, 1);
});
