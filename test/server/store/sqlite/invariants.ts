import { DatabaseSync } from 'node:sqlite';

/** What is wrong with a file of calls that nobody has open: nothing, if the store keeps its word. */
export function wrongIn(path: string): string[] {
  const database = new DatabaseSync(path);
  try {
    const found: string[] = [];
    const { integrity_check: integrity } = database.prepare('PRAGMA integrity_check').get()!;
    if (integrity !== 'ok') found.push(`integrity: ${String(integrity)}`);
    for (const [what, sql] of Object.entries(RULES)) {
      for (const row of database.prepare(sql).all()) found.push(`${what}: ${JSON.stringify(row)}`);
    }
    return found;
  } finally {
    database.close();
  }
}

/** Each selects what breaks it. */
const RULES = {
  'inputs are counted once each': `SELECT call FROM calls WHERE pending + running + done + failed + cancelled != inputs`,
  'chunks and inputs are as many as counted': `
    SELECT calls.call, calls.chunks, count(chunks.chunk) AS counted FROM calls LEFT JOIN chunks ON chunks.call = calls.id
    GROUP BY calls.id HAVING counted != calls.chunks OR coalesce(sum(chunks.count), 0) != calls.inputs`,
  'chunks that can be leased are as many as counted': `
    SELECT calls.call, ready, count(chunks.chunk) AS counted FROM calls
    LEFT JOIN chunks ON chunks.call = calls.id AND chunks.state = 'ready' GROUP BY calls.id HAVING counted != ready`,
  'what runs is leased': `
    SELECT calls.call, running, coalesce(sum(chunks.count - settled), 0) AS counted FROM calls
    LEFT JOIN chunks ON chunks.call = calls.id AND chunks.state = 'leased' GROUP BY calls.id HAVING counted != running`,
  'outcomes are as many as counted': `
    SELECT calls.call, done, failed, coalesce(sum(outcomes.count), 0) AS counted FROM calls
    LEFT JOIN outcomes ON outcomes.call = calls.id GROUP BY calls.id
    HAVING counted != done + failed OR count(outcomes.failure) != failed`,
  'a chunk has as many outcomes as counted': `
    SELECT chunks.call, chunks.chunk, settled, coalesce(sum(outcomes.count), 0) AS counted FROM chunks
    LEFT JOIN outcomes ON outcomes.call = chunks.call AND outcomes.chunk = chunks.chunk
    GROUP BY chunks.call, chunks.chunk HAVING counted != settled OR (chunks.state = 'done') != (settled = chunks.count)`,
  'an input has one outcome': `
    SELECT * FROM (SELECT call, first, lag(first + count, 1, 0) OVER (PARTITION BY call ORDER BY first) AS start
    FROM outcomes) WHERE first < start`,
  'a lease or delay has its times': `
    SELECT call, chunk FROM chunks WHERE (until IS NULL) != (since IS NULL) OR (until IS NULL) = (state IN ('leased', 'delayed'))`,
  'a call is finished when it is': `SELECT call FROM calls WHERE (finished IS NULL) = (state IN ('done', 'cancelled'))`,
  'a call that is done has nothing left': `SELECT call FROM calls WHERE state = 'done' AND pending + running + cancelled > 0`,
  'each chunk has its block, and each block its chunk': `
    SELECT chunks.block, blocks.id FROM chunks FULL JOIN blocks ON chunks.block = blocks.id
    WHERE blocks.id IS NULL OR chunks.block IS NULL`,
  'what belongs to no call is to be removed': `
    SELECT call FROM (SELECT call FROM chunks UNION SELECT call FROM outcomes UNION SELECT call FROM lines)
    WHERE call NOT IN (SELECT id FROM calls) AND call NOT IN (SELECT call FROM remains)`,
};
