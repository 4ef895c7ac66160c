import { sizeLimit } from '../buffers/create.ts';
import { Leases } from '../buffers/leases.ts';
import type { Launcher, Plan, Span, Step } from '../contract.ts';
import { leaseOrder, orderSteps, orderWords } from './order.ts';
import { leaseSelect, selectSteps, selectWords } from './select/select.ts';

/** Items of one bin, where all of its items are scored again. */
export const BIN = 64;

/** How the items of a search are scored, for the queries from `first` up to `end`. */
export interface Scoring {
  /** The key of the greatest score of each bin: (end - first) × bins. With `rows`: also the row that has it. */
  readonly maxima: (first: number, end: number, maxima: Span, rows: Span) => readonly Step[];
  /**
   * Where `maxima` are not exact: makes those exact that can be among the best. `keys` are the `kept` greatest of each
   * query, `thresholds` room for a value of each.
   */
  readonly repair?: (first: number, end: number, repair: Repair) => readonly Step[];
  /**
   * The keys of all items of the bins in `kept`, (end - first) × `count`: `BIN` for each. Absent where one item is kept
   * of each bin.
   */
  readonly rescore?: (first: number, end: number, kept: Span, count: number, keys: Span) => readonly Step[];
}

export interface Repair {
  readonly keys: Span;
  readonly kept: number;
  readonly thresholds: Span;
  readonly maxima: Span;
}

export interface Search {
  readonly queries: number;
  readonly bins: number;
  /** Places for answers, of each query. */
  readonly places: number;
  /** uint32 and float32, queries × places; written. */
  readonly rows: Span;
  readonly scores: Span;
  /** Whether one item is kept of each bin, and no bin scored again. */
  readonly approximate: boolean;
  /** Intermediate results of queries that are taken together fit into this; a single query may need more. */
  readonly scratchBytes: number;
  /** Compiles what scores `group` queries, or fewer, at once. */
  readonly scoring: (group: number) => Promise<Scoring>;
}

const MAX_GROUP = 4096;
/** Larger groups are of whole tiles of queries. */
const TILE = 64;

/** The best items of each query: greatest of each bin, best bins, all of their items again, best of these, in order. */
export async function planSearch(launcher: Launcher, search: Search): Promise<Plan> {
  const leases = new Leases(launcher);
  try {
    return { steps: await searchSteps(launcher, search, leases), [Symbol.dispose]: () => leases[Symbol.dispose]() };
  } catch (error) {
    leases[Symbol.dispose]();
    throw error;
  }
}

async function searchSteps(launcher: Launcher, search: Search, leases: Leases): Promise<Step[]> {
  const { queries, bins, places, approximate } = search;
  const kept = Math.min(places, bins);
  const candidates = approximate ? 0 : kept * BIN;
  const count = approximate ? kept : Math.min(places, candidates);
  const longest = Math.max(bins, candidates);
  const group = groupOf(launcher, search, [
    ...(approximate ? [bins, bins] : [bins, kept, kept, candidates]),
    count,
    count,
    ...selectWords(longest),
    ...orderWords(places),
  ]);
  const maxima = await leases.words(group * bins);
  const binRows = await leases.words(approximate ? group * bins : 0);
  const bestBins = await leases.words(approximate ? 0 : group * kept);
  const binKeys = await leases.words(approximate ? 0 : group * kept);
  const keys = await leases.words(group * candidates);
  const positions = await leases.words(group * count);
  const selected = await leases.words(group * count);
  const selecting = await leaseSelect(leases, group, longest);
  const ordering = await leaseOrder(leases, group, places);
  const thresholds = await leases.words(approximate ? 0 : group);
  const { maxima: score, repair, rescore } = await search.scoring(group);
  const origins = approximate ? { span: binRows, stride: bins, each: 1 } : { span: bestBins, stride: kept, each: BIN };
  const steps: Step[] = [];
  for (let first = 0; first < queries; first += group) {
    const end = Math.min(queries, first + group);
    const rows = end - first;
    if (kept > 0) {
      const best = { rows, columns: bins, keys: maxima, k: kept };
      steps.push(...score(first, end, maxima, binRows));
      if (rescore === undefined) {
        steps.push(...(await selectSteps(launcher, { ...best, positions, selected }, selecting)));
      } else {
        const final = { rows, columns: candidates, keys, k: count, positions, selected };
        const choose = await selectSteps(launcher, { ...best, positions: bestBins, selected: binKeys }, selecting);
        if (repair !== undefined) {
          steps.push(...choose, ...repair(first, end, { keys: binKeys, kept, thresholds, maxima }));
        }
        steps.push(
          ...choose,
          ...rescore(first, end, bestBins, kept, keys),
          ...(await selectSteps(launcher, final, selecting)),
        );
      }
    }
    const answers = { firstQuery: first, places, rows: search.rows, scores: search.scores };
    const order = { queries: rows, count, keys: selected, positions, origins, ...answers };
    steps.push(...(await orderSteps(launcher, order, ordering)));
  }
  return steps;
}

/** Queries that share scratch memory; `words` are those that one takes of each buffer. */
function groupOf(launcher: Launcher, { queries, scratchBytes }: Search, words: readonly number[]): number {
  const all = words.reduce((sum, part) => sum + part, 0);
  const fit = Math.min(scratchBytes / all, sizeLimit(launcher.device) / Math.max(...words)) / 4;
  const group = Math.max(1, Math.min(queries, MAX_GROUP, Math.floor(fit)));
  return group < queries && group > TILE ? group - (group % TILE) : group;
}
