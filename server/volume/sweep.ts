import { dayOf, piecesIn } from '../../shard/volume/bodies.ts';
import { DAY_MS } from '../../shard/volume/contract.ts';
import type { Objects } from '../objects/contract.ts';
import { commitKey, pieceKey, pieceOfKey, piecesPrefix, sweptKey } from './keys.ts';
import { stateAt } from './log.ts';
import { type CommitRecord, readCommit, SNAPSHOT_MS } from './records.ts';

/** Days for which a piece is kept that no commit names: longer than a commit may come after what it names. */
const GRACE_DAYS = 3;

export interface SweepOptions {
  readonly objects: Objects;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Removes pieces of files that no version names that may still be read: those of commits that never came, and of files
 * that were replaced or removed long ago. Once a day at most; resolves to how many.
 */
export async function sweep({ objects, id, now, signal }: SweepOptions): Promise<number> {
  const swept = await objects.stat(sweptKey(id));
  if (swept && now - swept.modified < DAY_MS) return 0;
  let named: ReadonlySet<string> | undefined;
  let removed = 0;
  for await (const { key } of objects.list(piecesPrefix(id))) {
    signal.throwIfAborted();
    if (dayOf(now) - pieceOfKey(id, key).day < GRACE_DAYS) continue;
    named ??= await piecesNamed(objects, id, now - SNAPSHOT_MS, signal);
    if (named.has(key)) continue;
    await objects.remove(key);
    removed++;
  }
  await objects.write(sweptKey(id), new TextEncoder().encode('{}'));
  return removed;
}

/** Keys of the pieces of all versions that were the newest at that time, or since. */
async function piecesNamed(objects: Objects, id: string, since: number, signal: AbortSignal): Promise<Set<string>> {
  const named = new Set<string>();
  const first = await versionBefore(since, (version) => readCommit(objects, commitKey(id, version)));
  for (const body of (await stateAt(objects, id, first)).bodies()) {
    for (const piece of piecesIn(body)) named.add(pieceKey(id, piece));
  }
  for (let version = first + 1; ; version++) {
    signal.throwIfAborted();
    const commit = await readCommit(objects, commitKey(id, version));
    if (!commit) return named;
    for (const { body } of commit.changes) {
      if (body) for (const piece of piecesIn(body)) named.add(pieceKey(id, piece));
    }
  }
}

/** The newest version from before that time, or 0. */
async function versionBefore(
  time: number,
  read: (version: number) => Promise<CommitRecord | undefined>,
): Promise<number> {
  const isBefore = async (version: number): Promise<boolean> => ((await read(version))?.time ?? Infinity) < time;
  let beyond = 1;
  while (await isBefore(beyond)) beyond *= 2;
  let [low, high] = [Math.floor(beyond / 2), beyond];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isBefore(middle)) low = middle;
    else high = middle;
  }
  return low;
}
