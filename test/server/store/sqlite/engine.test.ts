import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { chunkStoreConformance } from '../conformance.ts';

chunkStoreConformance({
  name: 'SQLite on this thread',
  async make() {
    const folder = await mkdtemp(join(tmpdir(), 'warpmap-calls-'));
    let now = Date.UTC(2026, 10, 24);
    const opened: SqliteEngine[] = [];
    return {
      async open() {
        const engine = new SqliteEngine({ path: join(folder, 'calls.sqlite'), now: () => now });
        opened.push(engine);
        return engine;
      },
      advance: (milliseconds) => void (now += milliseconds),
      async [Symbol.asyncDispose]() {
        for (const engine of opened) await engine[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  },
});
