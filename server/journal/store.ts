import { hash } from 'node:crypto';
import { pairs } from '../../shard/wire/spans.ts';
import type { Database } from '../sqlite/database.ts';
import {
  type Entry,
  type Found,
  HASH_BYTES,
  type Hit,
  type JournalMethods,
  type JournalSummary,
  type KeyUse,
  MAX_ENTRY_INPUTS,
  type PackedInputs,
  type Spans,
  type StoreOptions,
} from './contract.ts';
import { openDatabase } from './schema.ts';
import { rangesOf } from './ranges.ts';

/** Milliseconds below which another use of a key is not noted. */
const NOTE_MS = 60_000;
/** Blocks that are deleted in one transaction. */
const DELETED_AT_ONCE = 256;

interface KeyRow extends KeyUse {
  readonly id: number;
  readonly used: number;
}

interface BlockRow {
  readonly id: number;
  readonly first: number;
  readonly count: number;
  readonly hashes: Uint8Array;
}

/** The file of the journal. Several processes may have it open. */
export class JournalStore implements JournalMethods, Disposable {
  readonly #database: Database;
  readonly #options: StoreOptions;
  readonly #now: () => number;

  /** `now` gives milliseconds since 1970. */
  constructor(options: StoreOptions, now: () => number = Date.now) {
    this.#options = options;
    this.#now = now;
    this.#database = openDatabase(options.path);
  }

  find(use: KeyUse, spans: Spans, inputs: PackedInputs): Found {
    const row = this.#enter(use);
    if (row.function !== use.function || row.options !== use.options || row.model !== use.model) {
      return { kind: 'conflict', used: useOf(row) };
    }
    const hashes = hashesOf(inputs);
    const hits: Hit[] = [];
    let position = 0;
    for (const [first, count] of pairs(spans)) {
      let next = first;
      for (const block of this.#blocks(row.id, first, count)) {
        const from = Math.max(next, block.first);
        const to = Math.min(first + count, block.first + block.count);
        if (from >= to) continue;
        const hit = {
          position: position + from - first,
          count: to - from,
          block: block.id,
          offset: from - block.first,
        };
        const differs = firstDifference(hashes, block.hashes, hit);
        if (differs !== undefined) return { kind: 'conflict', used: useOf(row), index: from + differs };
        hits.push(hit);
        next = to;
      }
      position += count;
    }
    return { kind: 'found', id: row.id, hashes, hits };
  }

  read(block: number): Uint8Array<ArrayBuffer> | undefined {
    const row = this.#database.statement('SELECT bytes FROM blocks WHERE id = ?').get(block);
    return row?.['bytes'] as Uint8Array<ArrayBuffer> | undefined;
  }

  write(id: number, entries: readonly Entry[]): boolean {
    const added = entries.reduce((sum, { hashes, block }) => sum + hashes.length + block.length, 0);
    const inputs = entries.reduce((sum, { count }) => sum + count, 0);
    if (!this.#makeRoom(id, added)) return false;
    return this.#database.transaction(() => {
      const known = this.#database
        .statement('UPDATE keys SET inputs = inputs + ?, bytes = bytes + ?, used = ? WHERE id = ?')
        .run(inputs, added, this.#now(), id);
      if (known.changes === 0) return false;
      const insert = this.#database.statement(
        'INSERT INTO blocks (key, first, count, hashes, bytes) VALUES (?, ?, ?, ?, ?)',
      );
      for (const { first, count, hashes, block } of entries) insert.run(id, first, count, hashes, block);
      return true;
    });
  }

  ranges(key: string): number[] {
    const rows = this.#database
      .statement('SELECT first, count FROM blocks WHERE key = (SELECT id FROM keys WHERE key = ?) ORDER BY first')
      .iterate(key);
    return rangesOf(rows.map((row) => [row['first'] as number, row['count'] as number] as const));
  }

  list(): JournalSummary[] {
    const rows = this.#database
      .statement('SELECT key, function, inputs, bytes, created, used FROM keys ORDER BY used DESC')
      .all();
    return rows.map((row) => ({ ...row })) as unknown as JournalSummary[];
  }

  forget(key: string): void {
    const row = this.#database.statement('SELECT id FROM keys WHERE key = ?').get(key);
    if (row) this.#delete(row['id'] as number);
  }

  purge(): void {
    const late = this.#now() - this.#options.journalMs;
    for (const { id } of this.#database.statement('SELECT id FROM keys WHERE used < ?').all(late))
      this.#delete(id as number);
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }

  /** The row of the key, which is made if there is none. */
  #enter(use: KeyUse): KeyRow {
    const now = this.#now();
    const known = this.#database.statement('SELECT * FROM keys WHERE key = ?').get(use.key) as KeyRow | undefined;
    if (known) {
      if (now - known.used >= NOTE_MS)
        this.#database.statement('UPDATE keys SET used = ? WHERE id = ?').run(now, known.id);
      return known;
    }
    this.#database
      .statement(
        'INSERT INTO keys (key, function, options, model, created, used) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(use.key, use.function, use.options, use.model, now, now);
    return this.#database.statement('SELECT * FROM keys WHERE key = ?').get(use.key) as unknown as KeyRow;
  }

  /** Blocks of a key that have some of these inputs, by rising `first`. */
  #blocks(id: number, first: number, count: number): readonly BlockRow[] {
    return this.#database
      .statement(
        'SELECT id, first, count, hashes FROM blocks WHERE key = ? AND first > ? AND first < ? AND first + count > ? ORDER BY first',
      )
      .all(id, first - MAX_ENTRY_INPUTS, first + count, first) as unknown as BlockRow[];
  }

  /** Forgets the keys that were not used for longest until there is room; this one and those in use are kept. */
  #makeRoom(id: number, added: number): boolean {
    const { journalBytes } = this.#options;
    for (;;) {
      const total = this.#database.statement('SELECT coalesce(sum(bytes), 0) AS bytes FROM keys').get()![
        'bytes'
      ] as number;
      if (total + added <= journalBytes) return true;
      const idle = this.#now() - 2 * NOTE_MS;
      const oldest = this.#database
        .statement('SELECT id FROM keys WHERE id != ? AND used < ? ORDER BY used LIMIT 1')
        .get(id, idle);
      if (!oldest) return false;
      this.#delete(oldest['id'] as number);
    }
  }

  /** In small transactions, since others wait for each. */
  #delete(id: number): void {
    const some = this.#database.statement(
      'DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE key = ? LIMIT ?)',
    );
    while (some.run(id, DELETED_AT_ONCE).changes > 0);
    this.#database.statement('DELETE FROM keys WHERE id = ?').run(id);
    this.#database.exec('PRAGMA incremental_vacuum');
  }
}

function useOf({ key, function: name, options, model }: KeyRow): KeyUse {
  return { key, function: name, options, model };
}

function hashesOf({ bytes, ends }: PackedInputs): Uint8Array<ArrayBuffer> {
  const hashes = new Uint8Array(ends.length * HASH_BYTES);
  let start = 0;
  for (const [position, end] of ends.entries()) {
    const whole = hash('sha256', bytes.subarray(start, end), 'buffer');
    hashes.set(whole.subarray(0, HASH_BYTES), position * HASH_BYTES);
    start = end;
  }
  return hashes;
}

/** The first input of the hit, counted from its beginning, whose hash is not the one that the block has. */
function firstDifference(hashes: Uint8Array, known: Uint8Array, { position, offset, count }: Hit): number | undefined {
  for (let at = 0; at < count * HASH_BYTES; at++) {
    if (hashes[position * HASH_BYTES + at] !== known[offset * HASH_BYTES + at]) return Math.floor(at / HASH_BYTES);
  }
  return undefined;
}
