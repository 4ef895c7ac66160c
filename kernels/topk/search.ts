import { sizeLimit } from '../buffers/create.ts';
import { Leases } from '../buffers/leases.ts';
import type { Launcher, Plan, Span, Step } from '../contract.ts';
import { leaseOrder, orderSteps, orderWords } from './order.ts';
import { leaseSelect, selectSteps, selectWords } from './select/select.ts';

/** Items of one bin. */
export const BIN = 64;

/** How the items of a search are scored, for the queries from `first` up to `end`. */
export interface Scoring {
  /** The key of the greatest score of each bin: (end - first) × bins. */
  maxima(first: number, end: number, maxima: Span): readonly Step[];
  /** The keys of all items of the bins in `kept`, (end - first) × kept: `BIN` for each. */
  rescore(first: number, end: number, kept: Span, bins: number, keys: Span): readonly Step[];
}

export interface Search {
  readonly queries: number;
  readonly bins: number;
  /** Places for answers, of each query. */
  readonly places: number;
  /** uint32 and float32, queries × places; written. */
  readonly rows: Span;
  readonly scores: Span;
  /** Intermediate results of queries that are taken together fit into this; a single query may need more. */
  readonly scratchBytes: number;
  /** Compiles what scores `group` queries, or fewer, at once. */
  readonly scoring: (group: number) => Promise<Scoring>;
}

const MAX_GROUP = 4096;

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
  const { queries, bins, places } = search;
  const kept = Math.min(places, bins);
  const candidates = kept * BIN;
  const count = Math.min(places, candidates);
  const longest = Math.max(bins, candidates);
  const words = [bins, kept, kept, candidates, count, count, selectWords(longest), 2 * orderWords(places)];
  const perQuery = 4 * words.reduce((sum, part) => sum + part, 0);
  const group = Math.max(
    1,
    Math.min(
      queries,
      MAX_GROUP,
      Math.floor(search.scratchBytes / perQuery),
      Math.floor(sizeLimit(launcher.device) / 4 / Math.max(...words)),
    ),
  );
  const maxima = await leases.words(group * bins);
  const bestBins = await leases.words(group * kept);
  const binKeys = await leases.words(group * kept);
  const keys = await leases.words(group * candidates);
  const positions = await leases.words(group * count);
  const selected = await leases.words(group * count);
  const selecting = await leaseSelect(leases, group, longest);
  const ordering = await leaseOrder(leases, group, places);
  const scoring = await search.scoring(group);
  const steps: Step[] = [];
  for (let first = 0; first < queries; first += group) {
    const end = Math.min(queries, first + group);
    const rows = end - first;
    if (kept > 0) {
      const best = { keys: maxima, rows, columns: bins, k: kept, positions: bestBins, selected: binKeys };
      const final = { keys, rows, columns: candidates, k: count, positions, selected };
      steps.push(
        ...scoring.maxima(first, end, maxima),
        ...(await selectSteps(launcher, best, selecting)),
        ...scoring.rescore(first, end, bestBins, kept, keys),
        ...(await selectSteps(launcher, final, selecting)),
      );
    }
    const order = {
      queries: rows,
      count,
      keys: selected,
      positions,
      origins: { span: bestBins, stride: kept, each: BIN },
      firstQuery: first,
      places,
      rows: search.rows,
      scores: search.scores,
    };
    steps.push(...(await orderSteps(launcher, order, ordering)));
  }
  return steps;
}
