import { execFile } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { testProp } from '@fast-check/ava';
import test from 'ava';
import { type Entry, HASH_BYTES, type KeyUse, type PackedInputs } from '../../../server/journal/contract.ts';
import { JournalStore } from '../../../server/journal/store.ts';
import { indicesOf, spansOf } from '../../../shard/wire/spans.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-journal-'));
test.after.always(() => rm(folder, { recursive: true }));
let files = 0;
const DAY = 24 * 60 * 60 * 1000;

interface Fixture extends Disposable {
  readonly store: JournalStore;
  readonly path: string;
  now: number;
}

function fixture({ path = join(folder, `${files++}.sqlite`), journalBytes = 1e9 } = {}): Fixture {
  const store = new JournalStore({ path, journalMs: 7 * DAY, journalBytes }, () => made.now);
  const made: Fixture = { store, path, now: 1_000_000 * DAY, [Symbol.dispose]: () => store[Symbol.dispose]() };
  return made;
}

const use: KeyUse = { key: 'nightly', function: 'f', options: '{}', model: 'm' };

function pack(texts: readonly string[]): PackedInputs {
  const parts = texts.map((text) => Buffer.from(text));
  let end = 0;
  return {
    bytes: Uint8Array.from(Buffer.concat(parts)),
    ends: Uint32Array.from(parts, (part) => (end += part.length)),
  };
}

const input = (index: number): string => `input ${index}`;

/** Enters the key, and journals outputs of inputs `first` to `first + count`. */
function journal(store: JournalStore, first: number, count: number, key = use): void {
  const found = store.find(key, [first, count], pack(Array.from({ length: count }, (_, at) => input(first + at))));
  if (found.kind !== 'found') throw new Error('conflict');
  store.write(found.id, [entry(first, count, found.hashes)]);
}

function entry(first: number, count: number, hashes: Uint8Array<ArrayBuffer>): Entry {
  return { first, count, hashes, block: Uint8Array.from(Buffer.from(`outputs ${first}+${count}`)) };
}

test('what was journaled is found by position, in part too, and what was not is not', (t) => {
  using made = fixture();
  const { store } = made;
  journal(store, 10, 5);
  journal(store, 20, 2);
  const found = store.find(use, [8, 5, 14, 1, 19, 3], pack([8, 9, 10, 11, 12, 14, 19, 20, 21].map(input)));
  if (found.kind !== 'found') return t.fail();
  t.deepEqual(
    found.hits.map(({ position, count, offset }) => ({ position, count, offset })),
    [
      { position: 2, count: 3, offset: 0 },
      { position: 5, count: 1, offset: 4 },
      { position: 7, count: 2, offset: 0 },
    ],
  );
  t.is(Buffer.from(store.read(found.hits[0]!.block)!).toString(), 'outputs 10+5');
  t.is(found.hashes.length, 9 * HASH_BYTES);
  t.is(store.read(12345), undefined);
});

test('another input at the same position is a conflict, which names it', (t) => {
  using made = fixture();
  journal(made.store, 0, 5);
  t.deepEqual(made.store.find(use, [2, 2], pack([input(2), 'other'])), { kind: 'conflict', used: use, index: 3 });
});

test('a key that was used for another function, other options or another model is a conflict', (t) => {
  using made = fixture();
  const { store } = made;
  t.is(store.find(use, [], pack([])).kind, 'found');
  for (const change of [{ function: 'g' }, { options: '{"a":1}' }, { model: 'n' }]) {
    t.deepEqual(store.find({ ...use, ...change }, [], pack([])), { kind: 'conflict', used: use });
  }
  t.is(store.find({ ...use, key: 'other', function: 'g' }, [], pack([])).kind, 'found');
});

test('a key that is forgotten is new again, and what still comes for the old one is not written', (t) => {
  using made = fixture();
  const { store } = made;
  journal(store, 0, 3);
  const old = store.find(use, [0, 1], pack([input(0)]));
  store.forget('nightly');
  store.forget('nobody');
  t.deepEqual(store.list(), []);
  t.deepEqual(store.ranges('nightly'), []);
  if (old.kind === 'found') t.false(store.write(old.id, [entry(0, 1, old.hashes)]));
  t.is(store.find({ ...use, function: 'g' }, [0, 1], pack(['another'])).kind, 'found');
});

test('keys are told with what they hold, and kept for seven days after their last use', (t) => {
  using made = fixture();
  const { store } = made;
  const began = made.now;
  journal(store, 0, 3);
  journal(store, 3, 2, { ...use, key: 'other' });
  made.now += 6 * DAY;
  journal(store, 3, 1);
  t.deepEqual(
    store.list().map(({ key, inputs, created, used }) => ({ key, inputs, created, used })),
    [
      { key: 'nightly', inputs: 4, created: began, used: made.now },
      { key: 'other', inputs: 2, created: began, used: began },
    ],
  );
  t.true(store.list().every(({ bytes }) => bytes > 0));
  made.now += 2 * DAY;
  store.purge();
  t.deepEqual(
    store.list().map(({ key }) => key),
    ['nightly'],
  );
});

test('above the bound on bytes the key that was not used for longest goes, but none in use', (t) => {
  using made = fixture({ journalBytes: 100 });
  const { store } = made;
  const keys = ['a', 'b', 'c', 'd'].map((key) => ({ ...use, key }));
  for (const key of keys.slice(0, 3)) {
    journal(store, 0, 1, key);
    made.now += DAY;
  }
  t.deepEqual(
    store.list().map(({ key }) => key),
    ['c', 'b', 'a'],
  );
  journal(store, 0, 1, keys[3]);
  t.deepEqual(
    store.list().map(({ key }) => key),
    ['d', 'c', 'b'],
    'three of 26 bytes fit, beside the one that is new',
  );
  made.now -= 10 * DAY;
  using full = fixture({ journalBytes: 40 });
  journal(full.store, 0, 1, keys[0]);
  const found = full.store.find(keys[1]!, [0, 1], pack([input(0)]));
  if (found.kind === 'found') t.false(full.store.write(found.id, [entry(0, 1, found.hashes)]));
  t.is(full.store.list().length, 2);
});

test('two that have the file open see what the other writes', (t) => {
  using one = fixture();
  using other = fixture({ path: one.path });
  journal(one.store, 0, 3);
  t.deepEqual(other.store.ranges('nightly'), [0, 3]);
  journal(other.store, 3, 3);
  t.deepEqual(one.store.ranges('nightly'), [0, 6]);
});

test('a file that is no journal, or one of another version, is not touched', (t) => {
  const path = join(folder, `${files++}.sqlite`);
  fixture({ path })[Symbol.dispose]();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  t.throws(() => fixture({ path }), { code: 'JOURNAL_UNAVAILABLE', message: /version 99, expected 1/ });
  t.throws(() => fixture({ path: folder }));
});

test('a process that is killed in the middle of a write leaves what was committed, and nothing of the rest', async (t) => {
  const path = join(folder, `${files++}.sqlite`);
  const script = new URL('./fixtures/killedMidWrite.ts', import.meta.url).pathname;
  const killed = promisify(execFile)(process.execPath, [...process.execArgv, script, path]);
  const { stderr, signal } = (await t.throwsAsync(killed)) as Error & { stderr: string; signal: string };
  t.is(signal, 'SIGKILL', stderr);
  t.is(stderr, '', 'and SQLite is no news on the terminal');
  using made = fixture({ path });
  t.deepEqual(made.store.ranges('nightly'), [0, 100]);
  journal(made.store, 100, 1);
  t.deepEqual(made.store.ranges('nightly'), [0, 101]);
});

testProp(
  'whatever was journaled in whatever order, each input is found once if it is there, and ranges tell which',
  [
    fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 40 })), { maxLength: 12 }),
    fc.uniqueArray(fc.nat(350), { minLength: 1, maxLength: 80 }),
  ],
  (t, spans, asked) => {
    using made = fixture({ path: ':memory:' });
    const { store } = made;
    for (const [first, count] of spans) journal(store, first, count);
    const known = new Set(spans.flatMap(([first, count]) => indicesOf([first, count])));
    const indices = asked.toSorted((one, other) => one - other);
    const found = store.find(use, spansOf(indices), pack(indices.map(input)));
    if (found.kind !== 'found') return t.fail();
    const told = found.hits.flatMap(({ position, count }) => indices.slice(position, position + count));
    t.deepEqual(
      told,
      indices.filter((index) => known.has(index)),
    );
    const ranges = store.ranges('nightly');
    t.deepEqual(
      ranges,
      ranges.toSorted((one, other) => one - other),
    );
    const inRanges = ranges.flatMap((start, at) => (at % 2 === 0 ? indicesOf([start, ranges[at + 1]! - start]) : []));
    t.deepEqual(
      inRanges,
      [...known].toSorted((one, other) => one - other),
    );
  },
);

test('nobody else may read the file, whoever may read its folder', async (t) => {
  const open = await mkdtemp(join(folder, 'open-'));
  chmodSync(open, 0o755);
  const path = join(open, 'journal.sqlite');
  using made = fixture({ path });
  journal(made.store, 0, 1);
  for (const name of [path, `${path}-wal`]) t.is(statSync(name).mode & 0o077, 0, name);
});
