import { execFile } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { writeTypes } from '../../../sdk/deploy/types.ts';
import { Sources, startAppNode, telling } from '../../server/apps/fixture.ts';

const repository = join(import.meta.dirname, '../../..');
const compiler = join(repository, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'esnext.array'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    customConditions: ['warpmap:source'],
  },
  include: ['*.ts', 'warpmap-types'],
});

const APP = `
import { App } from 'warpmap';
import type { Video } from './src/video.ts';
export const app = new App('videos');
export const describe = app.function('describe', (video: Video, words: number) => ({ title: video.title, words }));
export const tags = app.batched('tags', {}, (videos: Video[]) => videos.map(({ title }) => [title]));
export const frames = app.function('frames', function* (video: Video) { yield video.seconds; });
app.function('hidden', () => 1);
`;

const CALLER = `
import { connect } from 'warpmap';
const warp = await connect();
const describe = warp.function('videos', 'describe');
const described: { title: string; words: number } = await describe.remote({ title: 'a', seconds: 1 }, 2);
for await (const tags of warp.function('videos', 'tags', { version: 1 }).map([{ title: 'a', seconds: 1 }])) tags.join();
for await (const second of warp.function('videos', 'frames').remoteGen({ title: 'a', seconds: 1 })) second.toFixed();
const unknown = warp.function<[text: string], number>('others', 'count');
const count: number = await unknown.remote('a');
console.log(described, count);
`;

const WRONG = `
import { connect } from 'warpmap';
const warp = await connect();
// @ts-expect-error -- a video has seconds
await warp.function('videos', 'describe').remote({ title: 'a' }, 2);
// @ts-expect-error -- it gives no string
const text: string = await warp.function('videos', 'describe').remote({ title: 'a', seconds: 1 }, 2);
// @ts-expect-error -- a generator has no remote
warp.function('videos', 'frames').remote;
console.log(text);
`;

/** A directory in which a program can be compiled against this package. */
async function project(): Promise<Sources> {
  const sources = await Sources.make();
  await symlink(repository, join(sources.directory, 'node_modules/warpmap'));
  await sources.write('tsconfig.json', TSCONFIG);
  return sources;
}

test('a program that never saw the source of an app calls it with its types', async (t) => {
  await using sources = await project();
  await sources.link('typescript');
  await using node = await startAppNode();
  await sources.write('src/video.ts', `export interface Video { title: string; seconds: number }`);
  const deployed = await node.apps.deploy(await sources.write('app.ts', APP));
  t.is(deployed.undeclared, undefined);

  await using caller = await project();
  const written = await writeTypes(node.apps, 'videos', { output: join(caller.directory, 'warpmap-types') });
  t.deepEqual(written.functions, ['videos/describe', 'videos/tags', 'videos/frames']);
  t.deepEqual(written.untyped, ['videos/hidden']);
  await caller.write('caller.ts', CALLER);
  await caller.write('wrong.ts', WRONG);
  await t.notThrowsAsync(
    run(process.execPath, [compiler, '-p', caller.directory]).catch((error: Error & { stdout?: string }) => {
      throw new Error(error.stdout);
    }),
  );
});

test('declarations do not change which version it is', async (t) => {
  await using sources = await project();
  await using node = await startAppNode();
  const path = await sources.write('app.ts', telling('one'));
  const without = await node.apps.deploy(path);
  t.regex(without.undeclared ?? '', /typescript is not installed/);
  await t.throwsAsync(writeTypes(node.apps, 'telling'), { code: 'DECLARATIONS_MISSING', message: /--force/ });
  await sources.link('typescript');
  t.false((await node.apps.deploy(path)).created);
  const forced = await node.apps.deploy(path, { force: true });
  t.true(forced.created);
  await using output = await Sources.make();
  const { path: file } = await writeTypes(node.apps, 'telling', { output: output.directory });
  t.regex(await readFile(file, 'utf8'), /^\/\/ Version 2 of telling/);
});
