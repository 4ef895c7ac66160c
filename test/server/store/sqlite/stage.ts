import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../../../server/store/sqlite/sqlite.ts';
import type { Stage } from '../conformance.ts';

/** A store in a file of its own. */
export async function sqliteStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-calls-'));
  const clock = new Float64Array(new SharedArrayBuffer(8)).fill(Date.UTC(2026, 10, 24));
  const opened: SqliteStore[] = [];
  return {
    async open() {
      const store = await SqliteStore.open({ path: join(folder, 'calls.sqlite'), clock });
      opened.push(store);
      return store;
    },
    advance: (milliseconds) => void (clock[0]! += milliseconds),
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
