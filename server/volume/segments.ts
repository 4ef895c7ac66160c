import type { Objects } from '../objects/contract.ts';
import { commitKey, segmentKey } from './keys.ts';
import { encodeSegment, type PathChange, readCommit, readSegment } from './records.ts';

/** Commits in a segment of the first level, and segments in one of the next. */
export const FANOUT = 32;
/** A segment of the last level has 32,768 commits. */
export const LEVELS = 3;
/** A segment that would be larger is not made: whoever reads takes those below it. */
const MAX_CHANGES = 50_000;
const AT_ONCE = 8;

/** Consecutive commits as one object, so that who opens a volume need not read each: what each path became by the last of them. */
export interface Segment {
  /** Number of its last commit. */
  readonly end: number;
  readonly changes: readonly PathChange[];
}

/** The largest segment that begins after that version, if there is one. */
export async function segmentAfter(objects: Objects, id: string, version: number): Promise<Segment | undefined> {
  for (let level = LEVELS; level > 0; level--) {
    const size = FANOUT ** level;
    if (version % size !== 0) continue;
    const changes = await readSegment(objects, segmentKey(id, level, version / size));
    if (changes) return { end: version + size, changes };
  }
  return undefined;
}

/** Makes the segments that end with that commit. Whoever makes them makes the same. */
export async function makeSegments(objects: Objects, id: string, version: number): Promise<void> {
  for (let level = 1; level <= LEVELS && version % FANOUT ** level === 0; level++) {
    const index = version / FANOUT ** level - 1;
    const key = segmentKey(id, level, index);
    if (await objects.stat(key)) continue;
    const changes = await merged(objects, id, level, index);
    if (!changes) return;
    await objects.create(key, encodeSegment(changes));
  }
}

/** Undefined where a part is missing, or the whole is too large. */
async function merged(objects: Objects, id: string, level: number, index: number): Promise<PathChange[] | undefined> {
  const last = new Map<string, PathChange>();
  for (let from = index * FANOUT; from < (index + 1) * FANOUT; from += AT_ONCE) {
    const parts = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, at) =>
        level === 1
          ? (await readCommit(objects, commitKey(id, from + at + 1)))?.changes
          : readSegment(objects, segmentKey(id, level - 1, from + at)),
      ),
    );
    for (const part of parts) {
      if (!part) return undefined;
      for (const change of part) last.set(change.path, change);
    }
    if (last.size > MAX_CHANGES) return undefined;
  }
  return [...last.values()];
}
