import type { Leases } from '../../buffers/leases.ts';
import type { Launcher, Program, Span, Step } from '../../contract.ts';

/** Keys in row-major order, and where the selected ones go, rows × k each. */
export interface SelectCall {
  readonly keys: Span;
  readonly rows: number;
  readonly columns: number;
  /** At most `columns`. */
  readonly k: number;
  readonly positions: Span;
  readonly selected: Span;
}

/** What long rows need besides; unused for short ones. */
export interface SelectScratch {
  readonly histograms: Span;
  readonly states: Span;
  readonly counts: Span;
}

/** Rows of more keys than this are shared by many workgroups. */
const SHORT = 8192;
/** A small workgroup will do up to here. */
const SHORTEST = 1024;
/** As in `settle.wgsl`. */
const CHUNK = 2048;
const DIGITS = 2048;
const ROUNDS = 3;
/** As in `clear.wgsl`. */
const CLEAR_EACH = 2048;

const file = (name: string): URL => new URL(name, import.meta.url);
const program = (...names: readonly string[]): Program => ({ files: names.map(file), constants: { THREADS: 256 } });
const short = program('scan.wgsl', 'short.wgsl');
const programs = {
  short,
  shortest: { ...short, constants: { THREADS: 64 } },
  clear: program('clear.wgsl'),
  histogram: program('scan.wgsl', 'settle.wgsl', 'histogram.wgsl'),
  count: program('scan.wgsl', 'settle.wgsl', 'count.wgsl'),
  scatter: program('scan.wgsl', 'scatter.wgsl'),
};

/** Values of 4 bytes that a row takes of each part of `SelectScratch`. */
export function selectWords(columns: number): readonly number[] {
  return columns <= SHORT ? [] : [ROUNDS * DIGITS, (ROUNDS + 1) * 2, Math.ceil(columns / CHUNK)];
}

/** Room for selecting from `rows` rows of as many columns at once, or fewer. */
export async function leaseSelect(leases: Leases, rows: number, columns: number): Promise<SelectScratch> {
  const [histograms = 0, states = 0, counts = 0] = selectWords(columns);
  return {
    histograms: await leases.words(rows * histograms),
    states: await leases.words(rows * states),
    counts: await leases.words(rows * counts),
  };
}

/**
 * Of each row of u32 keys the k greatest, of equal ones the first: their positions, ascending, and the keys themselves.
 * A radix select: one workgroup a row where rows are short, and many where they are long.
 */
export async function selectSteps(launcher: Launcher, call: SelectCall, scratch: SelectScratch): Promise<Step[]> {
  const { keys, rows, columns, k, positions, selected } = call;
  if (columns <= SHORT) {
    return [
      {
        pipeline: await launcher.pipeline(columns <= SHORTEST ? programs.shortest : programs.short),
        bindings: [keys, positions, selected],
        immediates: Uint32Array.of(rows, columns, k),
        workgroups: launcher.grid(rows),
      },
    ];
  }
  const { histograms, states, counts } = scratch;
  const chunks = Math.ceil(columns / CHUNK);
  const workgroups = launcher.grid(rows * chunks);
  const [clear, histogram, count, scatter] = await Promise.all([
    launcher.pipeline(programs.clear),
    launcher.pipeline(programs.histogram),
    launcher.pipeline(programs.count),
    launcher.pipeline(programs.scatter),
  ]);
  const words = rows * ROUNDS * DIGITS;
  return [
    {
      pipeline: clear,
      bindings: [histograms],
      immediates: Uint32Array.of(words),
      workgroups: launcher.grid(Math.ceil(words / CLEAR_EACH)),
    },
    ...[
      { shift: 21, before: 0, known: 0 },
      { shift: 10, before: 21, known: 0xffe00000 },
      { shift: 0, before: 10, known: 0xfffffc00 },
    ].map(({ shift, before, known }, round) => ({
      pipeline: histogram,
      bindings: [keys, histograms, states],
      immediates: Uint32Array.of(rows, columns, k, chunks, round, shift, before, known),
      workgroups,
    })),
    {
      pipeline: count,
      bindings: [keys, histograms, states, counts],
      immediates: Uint32Array.of(rows, columns, k, chunks, ROUNDS, 0, 0, 0xffffffff),
      workgroups,
    },
    {
      pipeline: scatter,
      bindings: [keys, states, counts, positions, selected],
      immediates: Uint32Array.of(rows, columns, k, chunks),
      workgroups,
    },
  ];
}
