import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import test from 'ava';
import { fixture, textsOf, volumeOf } from './fixture.ts';

const main = join(import.meta.dirname, 'fixtures/writerMain.ts');

function startWriter(directory: string, own: string, { shared = false } = {}): ChildProcess & { said: string[] } {
  const args = ['--conditions=warpmap:source', main, directory, own, String(shared)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(line));
  return Object.assign(child, { said });
}

const saidSo = async (writer: ReturnType<typeof startWriter>, count: number): Promise<void> => {
  while (writer.said.length < count) await once(writer.stdout!, 'data');
};

test('of a writer that is killed at any moment, each commit is there whole or not at all', async (t) => {
  t.timeout(240_000);
  await using made = await fixture();
  for (let round = 0; round < 6; round++) {
    const writer = startWriter(made.directory, 'w');
    // Each time at another place in what it does.
    await saidSo(writer, 1 + round);
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    writer.kill('SIGKILL');
    await once(writer, 'close');
    const texts = await textsOf(volumeOf(made.node()));
    t.deepEqual(Object.keys(texts), ['w/a', 'w/b', 'w/c']);
    t.is(new Set(Object.values(texts)).size, 1, JSON.stringify(texts));
    // What it was told to be committed is, or something later.
    const [, number] = /^w (\d+)$/v.exec(texts['w/a']!)!;
    t.true(Number(number) >= Number(writer.said.at(-1)!.split(' ')[1]));
  }
});

test('of two processes that change the same files, every commit is of one of them, and the other hears of the conflict', async (t) => {
  t.timeout(240_000);
  await using made = await fixture();
  const writers = ['one', 'two'].map((own) => startWriter(made.directory, own, { shared: true }));
  const volume = volumeOf(made.node());
  await Promise.all(writers.map((writer) => saidSo(writer, 15)));
  while (!writers.some(({ said }) => said.includes('conflict'))) await once(writers[0]!.stdout!, 'data');
  for (let look = 0; look < 10; look++) {
    await volume.reload();
    t.is(new Set(Object.values(await textsOf(volume))).size, 1);
  }
  for (const writer of writers) {
    writer.kill('SIGKILL');
    await once(writer, 'close');
  }
  const succeeded = writers.flatMap(({ said }) => said.filter((line) => line !== 'conflict'));
  const version = await volume.reload();
  // Each success is a commit of its own; those that were killed may have made one more.
  t.true(version >= succeeded.length && version <= succeeded.length + writers.length);
});
