import type { Portion } from './portion.ts';

/** Milliseconds that a worker should be busy with what it is handed: long beside handing it over, short beside a batch. */
export const SLICE_MS = 50;

export interface SliceOptions {
  /** Milliseconds of a worker for each input, as measured; `undefined` before anything was. */
  readonly pace: number | undefined;
  /** Workers that have nothing to do. */
  readonly idle: number;
  /** Inputs that one worker can have running. */
  readonly unit: number;
}

/**
 * How many of `count` inputs one worker gets at once, where others may take the rest: what takes it a moment, or more
 * if its handler takes more together, unless that left another idle.
 */
export function sliceSize(count: number, { pace, idle, unit }: SliceOptions): number {
  const share = Math.ceil(count / Math.max(1, idle));
  const together = Math.min(unit, share);
  const soon = pace === undefined ? 1 : Math.floor(SLICE_MS / pace);
  return Math.min(count, Math.max(1, together, soon));
}

/** The first inputs of a portion, and those that are left of it. */
export function cut(portion: Portion, size: number): readonly [Portion, Portion?] {
  const { positions } = portion;
  if (size >= positions.length) return [portion];
  return [
    { ...portion, positions: positions.slice(0, size) },
    { ...portion, positions: positions.slice(size) },
  ];
}
