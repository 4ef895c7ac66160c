import { createHash, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import test from 'ava';
import { PIECE_BYTES, type VolumeBackend } from '../../../shard/volume/contract.ts';
import { stagedVolumeOn, type Volume, volumeOn } from '../../../shard/volume/volume.ts';
import { sweep } from '../../../server/volume/sweep.ts';
import type { Objects } from '../../../server/objects/contract.ts';
import { patternBytes, readAll } from '../objects/bytes.ts';
import { type Fixture, fixture, textsOf, volumeOf } from './fixture.ts';

const seed = 20_261_124;

test('a file is what was written last, with its bytes, hash and version', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  await volume.write('a/b.txt', 'hällo');
  t.is(await volume.text('a/b.txt'), 'hällo');
  t.deepEqual([...(await volume.read('a/b.txt', { start: 1, end: 3 }))], [...Buffer.from('ä')]);
  const stat = await volume.stat('a/b.txt');
  t.is(stat?.bytes, 6);
  t.is(stat?.version, 1);
  t.is(stat?.hash, createHash('sha256').update('hällo').digest('hex'));
  await volume.write('a/b.txt', new Uint8Array(0));
  t.is(await volume.text('a/b.txt'), '');
  t.is(await volume.version(), 2);
  await volume.remove('a/b.txt');
  t.is(await volume.stat('a/b.txt'), undefined);
  await t.throwsAsync(volume.read('a/b.txt'), { code: 'FILE_NOT_FOUND', message: /"a\/b\.txt" in the volume v/v });
  await volume.remove('a/b.txt');
  t.is(await volume.version(), 3);
});

test('a handle sees the files of one commit until it reloads, or commits', async (t) => {
  await using made = await fixture();
  const [reader, writer] = [volumeOf(made.node()), volumeOf(made.node())];
  await writer.write('a', 'one');
  t.deepEqual(await textsOf(reader), { a: 'one' });
  await writer.write('a', 'two');
  await writer.write('b', 'new');
  t.deepEqual(await textsOf(reader), { a: 'one' });
  t.is(await reader.reload(), 3);
  t.deepEqual(await textsOf(reader), { a: 'two', b: 'new' });
  await writer.write('a', 'three');
  await reader.write('c', 'mine');
  t.deepEqual(await textsOf(reader), { a: 'three', b: 'new', c: 'mine' });
});

test('changes of a batch are seen by nobody else before its commit, and all at once after it', async (t) => {
  await using made = await fixture();
  const [volume, other] = [volumeOf(made.node()), volumeOf(made.node())];
  await volume.write('old', 'old');
  await volume.write('gone', 'gone');
  const batch = volume.batch();
  await batch.write('a', '1');
  await batch.write('b', '2');
  await batch.remove('gone');
  await batch.copy('old', 'copy');
  await batch.copy('a', 'copy of a');
  await batch.copy('copy', 'copy of copy');
  const staged = { a: '1', b: '2', copy: 'old', 'copy of a': '1', 'copy of copy': 'old', old: 'old' };
  t.deepEqual(await textsOf(batch), staged);
  await other.reload();
  t.deepEqual(await textsOf(other), { gone: 'gone', old: 'old' });
  t.deepEqual(await textsOf(volume), { gone: 'gone', old: 'old' });
  t.is(await batch.commit(), 3);
  t.deepEqual(await textsOf(volume), staged);
  await other.reload();
  t.deepEqual(await textsOf(other), staged);
  t.is(await batch.commit(), 3);
});

test('a commit over a path that another has changed meanwhile fails, names it, and changes nothing', async (t) => {
  await using made = await fixture();
  const [one, two] = [volumeOf(made.node()), volumeOf(made.node())];
  await one.write('shared', 'base');
  await two.reload();
  const [first, second] = [one.batch(), two.batch()];
  for (const [batch, by] of [
    [first, 'first'],
    [second, 'second'],
  ] as const) {
    await batch.write(`own of ${by}`, by);
    await batch.write('shared', by);
  }
  t.is(await first.commit(), 2);
  const conflict = await t.throwsAsync(second.commit(), { code: 'VOLUME_CONFLICT', message: /"shared"/v });
  t.deepEqual((conflict as { details?: unknown }).details, { volume: 'v', path: 'shared', base: 1, version: 2 });
  await two.reload();
  t.deepEqual(await textsOf(two), { 'own of first': 'first', shared: 'first' });
  // The same, looked at anew.
  await two.write('shared', 'second');
  t.is(await two.text('shared'), 'second');
});

for (const [what, change] of [
  ['removed', (batch: Volume) => batch.remove('k')],
  ['written', (batch: Volume) => batch.write('k', 'other')],
] as const) {
  test(`what another has ${what} is not overwritten`, async (t) => {
    await using made = await fixture();
    const [one, two] = [volumeOf(made.node()), volumeOf(made.node())];
    await one.write('k', 'base');
    await two.reload();
    const batch = two.batch();
    await batch.write('k', 'mine');
    const removal = two.batch();
    await removal.remove('k');
    await change(one);
    await t.throwsAsync(batch.commit(), { code: 'VOLUME_CONFLICT' });
    if (what === 'written') await t.throwsAsync(removal.commit(), { code: 'VOLUME_CONFLICT' });
    // What is so already is no conflict.
    else await removal.commit();
  });
}

test('commits of different paths all succeed, from whatever base', async (t) => {
  await using made = await fixture();
  const nodes = [made.node(), made.node(), made.node()];
  const volumes = nodes.map((node) => volumeOf(node));
  await Promise.all(volumes.map((volume) => volume.version()));
  await Promise.all(
    volumes.flatMap((volume, of) =>
      Array.from({ length: 20 }, (_, index) => volume.write(`${of}/${index}`, `${index}`)),
    ),
  );
  const [volume] = volumes;
  const version = await volume!.reload();
  t.is(Object.keys(await textsOf(volume!)).length, 60);
  // Those that wait for a node are written together.
  t.true(version < 60);
});

test('two who write the same bytes to a path do not conflict, so that what runs twice does no harm', async (t) => {
  await using made = await fixture();
  const [one, two] = [volumeOf(made.node()), volumeOf(made.node())];
  await Promise.all([one.version(), two.version()]);
  await one.write('out/1', 'result');
  await two.write('out/1', 'result');
  t.is(await two.text('out/1'), 'result');
});

test('a volume that there is not is an error, unless it may be made', async (t) => {
  await using made = await fixture();
  const backend = made.node();
  const missing = volumeOn({ backend }, 'missing');
  await t.throwsAsync(missing.text('a'), { code: 'VOLUME_NOT_FOUND' });
  await volumeOf(backend, 'missing').write('a', 'x');
  t.is(await missing.text('a'), 'x');
  t.deepEqual(await backend.names(), ['missing']);
  t.throws(() => volumeOn({ backend }, '../x'), { code: 'OPTION_INVALID' });
  t.throws(() => volumeOn({ backend }, 'x', { create: true } as object), { code: 'OPTION_INVALID' });
});

test('a volume that was removed is gone for those who use it, and one of its name is another', async (t) => {
  await using made = await fixture();
  const [backend, other] = [made.node(), made.node()];
  const volume = volumeOf(backend);
  await volume.write('a', 'x');
  const late = volumeOn({ backend: other }, 'v');
  await late.version();
  await backend.remove('v');
  await backend.remove('v');
  await t.throwsAsync(late.write('b', 'x'), { code: 'VOLUME_NOT_FOUND' });
  t.deepEqual(await Array.fromAsync(made.objects.list('volumes/')), []);
  const next = volumeOf(other);
  t.deepEqual(await textsOf(next), {});
});

const hostile = [
  '',
  '/',
  '/etc/passwd',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  './a',
  'a/.',
  'a\0',
  'a\nb',
  'a\\b',
];
hostile.push('\u{1b}[2J', '\ud800', 'x'.repeat(256), 'ä'.repeat(128), `${'x'.repeat(255)}/`.repeat(5));
for (const path of hostile) {
  test(`${JSON.stringify(path.slice(0, 20))} of ${path.length} characters is no path`, async (t) => {
    await using made = await fixture();
    const volume = volumeOf(made.node());
    const refused = { code: 'PATH_INVALID' };
    await t.throwsAsync(volume.write(path, 'x'), refused);
    await t.throwsAsync(volume.read(path), refused);
    await t.throwsAsync(volume.stat(path), refused);
    await t.throwsAsync(volume.remove(path), refused);
    await t.throwsAsync(volume.copy('a', path), refused);
    t.deepEqual(await textsOf(volume), {});
  });
}

test('paths may have spaces, dots, any letter, and lead nowhere; two that look alike are one', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  const paths = ['…', '.hidden', 'a b/c d', 'con', '日本/語.txt', 'a', 'a/b', '__proto__', 'x'.repeat(255), '%2e%2e/x'];
  for (const path of paths) await volume.write(path, path);
  t.deepEqual(await textsOf(volume), Object.fromEntries(paths.toSorted().map((path) => [path, path])));
  await volume.write('cafe\u0301', 'composed');
  t.is(await volume.text('caf\u00e9'), 'composed');
});

test('a large file is read and written in pieces, from any place, and only once in memory', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  const size = 2 * PIECE_BYTES + 1_234_567;
  const whole = createHash('sha256');
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; at += 700_001) {
      const part = patternBytes(at, Math.min(700_001, size - at));
      whole.update(part);
      yield part;
    }
  }
  await volume.write('large', ReadableStream.from(parts()));
  const hash = whole.digest('hex');
  t.is((await volume.stat('large'))?.hash, hash);
  t.is((await volume.stat('large'))?.bytes, size);
  const read = createHash('sha256');
  let largest = 0;
  for await (const part of await volume.stream('large')) {
    largest = Math.max(largest, part.length);
    read.update(part);
  }
  t.is(read.digest('hex'), hash);
  t.true(largest < PIECE_BYTES);
  for (const [start, end] of [
    [0, 1],
    [PIECE_BYTES - 3, PIECE_BYTES + 3],
    [PIECE_BYTES, 2 * PIECE_BYTES],
    [size - 5, size + 9],
    [size, size + 1],
  ] as const) {
    const part = await volume.read('large', { start, end });
    t.true(Buffer.from(patternBytes(start, Math.max(0, Math.min(end, size) - start))).equals(part));
  }
  await t.throwsAsync(volume.read('large', { start: -1 }), { code: 'OPTION_INVALID' });
  await volume.copy('large', 'copy');
  t.is((await volume.stat('copy'))?.hash, hash);
  t.is(
    (await Array.fromAsync(made.objects.list('volume-data/'))).filter(({ key }) => key.includes('/pieces/')).length,
    3,
  );
});

test('a stream that fails writes no file', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield patternBytes(0, 100);
    throw new RangeError('gone');
  }
  await t.throwsAsync(volume.write('a', failing()), { instanceOf: RangeError });
  t.deepEqual(await textsOf(volume), {});
  for (const wrong of [
    5,
    null,
    {},
    [1, 2],
    ['text'],
    (async function* () {
      yield 'text';
    })(),
  ]) {
    await t.throwsAsync(volume.write('a', wrong as unknown as string), { code: 'INPUT_INVALID' });
  }
  await volume.write('floats', Float32Array.of(0, 1.5, 2).subarray(1));
  t.deepEqual([...new Float32Array((await volume.read('floats')).buffer)], [1.5, 2]);
});

test('a list of many files is whole, in order, and may be of a prefix', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  const batch = volume.batch();
  await batch.write('seed', 'x');
  const paths = Array.from({ length: 10_500 }, (_, index) => `d${index % 3}/${String(index).padStart(5, '0')}`);
  for (const path of paths) await batch.copy('seed', path);
  await batch.commit();
  const listed = await Array.fromAsync(volume.list(), ({ path }) => path);
  t.deepEqual(listed, [...paths, 'seed'].toSorted());
  const some = await Array.fromAsync(volume.list('d1/'), ({ path }) => path);
  t.deepEqual(some, paths.filter((path) => path.startsWith('d1/')).toSorted());
  t.deepEqual(await Array.fromAsync(volume.list('d3')), []);
});

test('ten thousand commits are opened with few reads, and each is seen at its version', async (t) => {
  t.timeout(120_000);
  await using made = await fixture();
  const memory = memoryObjects();
  const commits = 10_000;
  {
    const backend = made.node(memory);
    const volume = volumeOf(backend);
    const at = await backend.open('v', { create: true });
    await volume.write('seed', 'x');
    const seedFile = (await backend.stat({ ...at, version: 1 }, 'seed'))!;
    const { path: _path, version: _version, ...body } = seedFile;
    // One after the other, so that none is written together with another.
    for (let index = 1; index < commits; index++)
      await backend.commit({ ...at, version: index }, [{ path: `f/${index}`, body }], randomUUID());
    await backend[Symbol.asyncDispose]();
  }
  t.deepEqual(made.troubles, []);
  const before = memory.reads;
  const backend = made.node(memory);
  const at = await backend.open('v', { create: false });
  t.is(at.version, commits);
  const reads = memory.reads - before;
  t.log(`${reads} reads, ${memory.writes} writes`);
  t.true(reads < 100);
  t.true(memory.writes < commits * 1.1);
  t.is((await backend.list(at, { prefix: '', limit: 10_000 })).length, commits);
  for (const version of [1, 31, 32, 33, 1024, 5000, commits]) {
    const past = { ...at, version };
    t.is((await backend.list(past, { prefix: '', limit: 10_000 })).length, version);
    t.is((await backend.stat(past, `f/${version - 1}`))?.version, version === 1 ? undefined : version);
  }
  await t.throwsAsync(backend.stat({ ...at, version: commits + 1 }, 'seed'), { code: 'VERSION_EXPIRED' });
});

test('what no commit came for is swept after its time, and what a version needs that may still be read is not', async (t) => {
  await using made = await fixture();
  const day = 24 * 60 * 60 * 1000;
  const now = (): number => made.now;
  const pieces = async (): Promise<number> =>
    (await Array.fromAsync(made.objects.list('volume-data/'))).filter(({ key }) => key.includes('/pieces/')).length;
  made.now -= made.now % day;
  const volume = volumeOf(made.node(), 'v', now);
  await volume.write('kept', 'kept');
  await volume.write('replaced', 'before');
  await volume.write('replaced', 'after');
  await volume.batch().write('abandoned', 'abandoned');
  const { id } = await made.node().open('v', { create: false });
  const sweepNow = (): Promise<number> =>
    sweep({ objects: made.objects, id, now: made.now, signal: AbortSignal.timeout(60_000) });
  const past = { name: 'v', id, version: 2 };
  const before = (await made.node().stat(past, 'replaced'))!;
  t.is(await pieces(), 4);
  for (const [days, left] of [
    [2.5, 4],
    [2, 3],
    [2, 3],
    [3, 2],
  ] as const) {
    made.now += days * day;
    await sweepNow();
    // Once a day is enough.
    t.is(await sweepNow(), 0);
    t.is(await pieces(), left);
  }
  t.deepEqual(await textsOf(volume), { kept: 'kept', replaced: 'after' });
  await t.throwsAsync(made.node().readPiece(past, before, { start: 0, end: 6 }), { code: 'VERSION_EXPIRED' });
});

test('what was written days before its commit is refused, since it may have been swept', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node(), 'v', () => made.now);
  const batch = volume.batch();
  await batch.write('a', 'x');
  made.now += 3 * 24 * 60 * 60 * 1000;
  await t.throwsAsync(batch.commit(), { code: 'VOLUME_STALE', message: /"a"/v });
});

test('where the objects fail, a commit says so, and another is made when they are back', async (t) => {
  await using made = await fixture();
  const memory = memoryObjects();
  const volume = volumeOf(made.node(memory));
  await volume.write('a', '1');
  memory.failing = 'before';
  await t.throwsAsync(volume.write('b', '2'), { message: /away/v });
  memory.failing = undefined;
  await volume.write('c', '3');
  t.deepEqual(await textsOf(volume), { a: '1', c: '3' });
});

test('a commit whose answer was lost is found to be there', async (t) => {
  await using made = await fixture();
  const memory = memoryObjects();
  const volume = volumeOf(made.node(memory));
  const batch = volume.batch();
  await batch.write('a', '1');
  memory.failing = 'after';
  t.is(await batch.commit(), 1);
  memory.failing = undefined;
  await volume.write('b', '2');
  t.deepEqual(await textsOf(volume), { a: '1', b: '2' });
});

test('a commit whose answer was lost is no conflict where others have written the same path since', async (t) => {
  await using made = await fixture();
  const [backend, other] = [made.node(), made.node()];
  const lost: VolumeBackend = {
    open: (name, options) => backend.open(name, options),
    stat: (at, path) => backend.stat(at, path),
    list: (at, page) => backend.list(at, page),
    readPiece: (at, piece, range) => backend.readPiece(at, piece, range),
    writePiece: (at, piece, bytes) => backend.writePiece(at, piece, bytes),
    async commit(base, changes, commit) {
      await backend.commit(base, changes, commit);
      await volumeOf(other).write('a', 'theirs, later');
      // As a client does that has heard nothing: it asks again, here of another node.
      return other.commit(base, changes, commit);
    },
  };
  const batch = stagedVolumeOn({ backend: lost }, 'v', { createIfMissing: true });
  await batch.write('a', 'mine');
  t.is(await batch.commit(), 1);
  t.deepEqual(await textsOf(volumeOf(made.node())), { a: 'theirs, later' });
});

test('who commits as soon as a commit is done is not forgotten, however the one is awaited', async (t) => {
  await using made = await fixture();
  const backend = made.node(memoryObjects());
  const at = await backend.open('v', { create: true });
  await volumeOf(backend).write('seed', 'x');
  const { path: _path, version: _version, ...body } = (await backend.stat({ ...at, version: 1 }, 'seed'))!;
  let version = 1;
  for (let turns = 0; turns < 12; turns++) {
    for (const path of ['one', 'two']) {
      version = await backend.commit({ ...at, version }, [{ path: `${path} ${turns}`, body }], randomUUID());
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    }
  }
  t.is(version, 25);
});

test('who asks for a volume by the name or the id of another finds none, and disturbs nobody', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node());
  await volume.write('a', '1');
  const node = made.node();
  const { id } = await made.node().open('v', { create: false });
  const strange = [
    { name: 'other', id, version: 1 },
    { name: 'v', id: randomUUID(), version: 0 },
  ];
  const objects = async (): Promise<string[]> => Array.fromAsync(made.objects.list(''), ({ key }) => key);
  const before = await objects();
  for (const at of strange) {
    await t.throwsAsync(node.stat(at, 'a'), { code: 'VOLUME_NOT_FOUND' });
    await t.throwsAsync(node.list(at, { prefix: '', limit: 1 }), { code: 'VOLUME_NOT_FOUND' });
    await t.throwsAsync(node.commit(at, [{ path: 'a', removed: true }], randomUUID()), { code: 'VOLUME_NOT_FOUND' });
    const bytes = Uint8Array.of(1);
    const piece = { day: 1, hash: createHash('sha256').update(bytes).digest('hex') };
    await t.throwsAsync(node.writePiece(at, piece, bytes), { code: 'VOLUME_NOT_FOUND' });
  }
  await volumeOf(node).write('a', '2');
  const after = (await objects()).filter((key) => !before.includes(key));
  t.true(after.every((key) => key.startsWith(`volume-data/${id}/`)));
});

test('a file that was replaced so long ago that it may be swept is not copied', async (t) => {
  await using made = await fixture();
  const now = (): number => made.now;
  const volume = volumeOf(made.node(), 'v', now);
  await volume.write('a', 'old');
  const batch = volume.batch();
  await batch.copy('a', 'copy');
  await volumeOf(made.node(), 'v', now).write('a', 'new');
  made.now += 6.5 * 24 * 60 * 60 * 1000;
  await t.throwsAsync(batch.commit(), { code: 'VERSION_EXPIRED', message: /"a" of version 1/v });
  await volume.reload();
  await volume.copy('a', 'copy');
  t.is(await volume.text('copy'), 'new');
});

test('a node that runs on for days sweeps each day', async (t) => {
  await using made = await fixture();
  const volume = volumeOf(made.node(), 'v', () => made.now);
  await volume.write('a', '1');
  const { id } = await made.node().open('v', { create: false });
  const swept = async (): Promise<boolean> => (await made.objects.stat(`volume-data/${id}/swept`)) !== undefined;
  while (!(await swept())) await setImmediate();
  await made.objects.remove(`volume-data/${id}/swept`);
  await volume.reload();
  t.false(await swept());
  made.now += 24 * 60 * 60 * 1000;
  await volume.reload();
  while (!(await swept())) await setImmediate();
  t.pass();
});

test(`concurrent commits do what a model would that takes one at a time (seed ${seed})`, async (t) => {
  t.timeout(120_000);
  const step = fc.record({
    handle: fc.nat(2),
    op: fc.constantFrom('write' as const, 'remove' as const, 'copy' as const, 'commit' as const, 'reload' as const),
    path: fc.constantFrom('a', 'b', 'c/d'),
    to: fc.constantFrom('a', 'b', 'e'),
    text: fc.constantFrom('1', '2', '3'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await using made: Fixture = await fixture();
      const memory = memoryObjects();
      const handles = Array.from({ length: 3 }, () => {
        const backend = made.node(memory);
        return {
          staged: stagedVolumeOn({ backend }, 'v', { createIfMissing: true }),
          base: 0,
          changes: new Map<string, string | undefined>(),
          backend,
        };
      });
      /** Contents and the version of the last change, of each version. */
      const versions: Map<string, { text: string | undefined; version: number }>[] = [new Map()];
      const seen = (handle: (typeof handles)[number], path: string): string | undefined =>
        handle.changes.has(path) ? handle.changes.get(path) : versions[handle.base]!.get(path)?.text;
      for (const { staged } of handles) await staged.stat('a');
      for (const { handle: index, op, path, to, text } of steps) {
        const handle = handles[index]!;
        const { staged, changes } = handle;
        if (op === 'write') {
          await staged.write(path, text);
          changes.set(path, text);
        } else if (op === 'remove') {
          await staged.remove(path);
          if (versions[handle.base]!.get(path)?.text !== undefined) changes.set(path, undefined);
          else changes.delete(path);
        } else if (op === 'copy') {
          const from = seen(handle, path);
          if (from === undefined) await t.throwsAsync(staged.copy(path, to), { code: 'FILE_NOT_FOUND' });
          else {
            await staged.copy(path, to);
            changes.set(to, from);
          }
        } else {
          const newest = versions.at(-1)!;
          const conflict = [...changes].some(([changed, value]) => {
            const known = newest.get(changed);
            return known !== undefined && known.version > handle.base && known.text !== value;
          });
          if (op === 'commit' && conflict) await t.throwsAsync(staged.commit(), { code: 'VOLUME_CONFLICT' });
          else if (op === 'commit') {
            const effective = [...changes].filter(([changed, value]) => {
              const known = newest.get(changed);
              return known !== undefined && known.version > handle.base
                ? false
                : known?.text !== undefined || value !== undefined;
            });
            if (effective.length > 0) {
              const version = versions.length;
              const next = new Map(newest);
              for (const [changed, value] of effective) next.set(changed, { text: value, version });
              versions.push(next);
            }
            const version = await staged.commit();
            if (changes.size > 0) t.is(version, versions.length - 1);
          }
          // Looks at the newest, whatever became of it.
          const latest = await handle.backend.open('v', { create: false });
          t.is(latest.version, versions.length - 1);
          handle.base = latest.version;
          changes.clear();
          handle.staged = stagedVolumeOn({ backend: handle.backend }, 'v');
          await handle.staged.stat('a');
        }
        const expected = [...new Set([...versions[handle.base]!.keys(), ...handle.changes.keys()])]
          .map((each) => [each, seen(handle, each)] as const)
          .filter(([, value]) => value !== undefined)
          .toSorted(([a], [b]) => (a < b ? -1 : 1));
        t.deepEqual(Object.entries(await textsOf(handle.staged)), expected as [string, string][]);
      }
    }),
    { seed, numRuns: 60 },
  );
});

/** Objects in memory, which count what is asked of them, and fail on demand. */
function memoryObjects(): Objects & { reads: number; writes: number; failing: 'before' | 'after' | undefined } {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  const objects = {
    name: 'memory',
    reads: 0,
    writes: 0,
    failing: undefined as 'before' | 'after' | undefined,
    async read(key: string, range?: { start: number; end?: number }) {
      objects.reads++;
      const bytes = kept.get(key);
      return bytes && new Blob([bytes.subarray(range?.start, range?.end)]).stream();
    },
    async write(key: string, bytes: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>) {
      objects.writes++;
      kept.set(key, bytes instanceof Uint8Array ? bytes : (await readAll(bytes))!);
    },
    async create(key: string, bytes: Uint8Array<ArrayBuffer>) {
      objects.writes++;
      const commit = key.includes('/commits/');
      if (objects.failing === 'before' && commit) throw new Error('away');
      if (kept.has(key)) return false;
      kept.set(key, bytes);
      if (objects.failing === 'after' && commit) throw new Error('away');
      return true;
    },
    async stat(key: string) {
      const bytes = kept.get(key);
      return bytes && { key, bytes: bytes.length, modified: 0 };
    },
    async *list(prefix: string) {
      for (const [key, bytes] of kept) if (key.startsWith(prefix)) yield { key, bytes: bytes.length, modified: 0 };
    },
    async remove(key: string) {
      kept.delete(key);
    },
    async [Symbol.asyncDispose]() {},
  };
  return objects;
}
