import { ShardError } from '../errors.ts';
import { requireBoolean, requireKnown, requireNumber, shown } from '../options.ts';
import type {
  CollectionOptions,
  CollectionShape,
  Filter,
  Id,
  Metric,
  Search,
  SearchOptions,
  SearchSize,
  VectorType,
} from './collection.ts';

/** Most items that a search finds for one query. */
export const MAX_K = 10_000;
const MAX_DIMS = 8192;
const MAX_OVERSAMPLE = 1000;
const MAX_QUERIES = 65_536;

const TYPES: readonly VectorType[] = ['f32', 'f16', 'i8', 'b1'];
const OF_BITS: readonly Metric[] = ['hamming', 'jaccard'];
const OF_NUMBERS: readonly Metric[] = ['cosine', 'dot', 'euclidean'];

export const COLLECTION_OPTIONS: ReadonlySet<string> = new Set<keyof CollectionOptions>([
  'type',
  'metric',
  'dims',
  'rescore',
]);
export const SEARCH_OPTIONS: ReadonlySet<string> = new Set<keyof SearchOptions>([
  'k',
  'filter',
  'recallTarget',
  'oversample',
]);
const FILTER: ReadonlySet<string> = new Set<keyof Filter>(['allow', 'exclude']);
const SIZE: ReadonlySet<string> = new Set<keyof SearchSize>(['queries', 'k']);

/** The options that are stated, checked. Throws `OPTION_INVALID` for one out of its domain, and for those that contradict each other. */
export function requireCollectionOptions(given: CollectionOptions): CollectionOptions {
  requireKnown(given, COLLECTION_OPTIONS, 'a collection');
  const { type, metric, dims, rescore } = given;
  if (type !== undefined) requireOne('type', type, TYPES);
  if (metric !== undefined) requireOne('metric', metric, [...OF_NUMBERS, ...OF_BITS]);
  if (dims !== undefined) requireNumber('dims', dims, { from: 1, to: MAX_DIMS, whole: true });
  if (rescore !== undefined) requireBoolean('rescore', rescore);
  if (rescore === true && (type ?? 'f32') === 'f32') {
    throw invalid(
      'Expected a collection with rescore to have the type f16, i8 or b1: f32 is what it would score again',
    );
  }
  const settled = settleCollection(given, 1);
  const metrics = metricsOf(settled);
  if (!metrics.includes(settled.metric)) {
    const what = `type ${settled.type}${settled.rescore ? ' with rescore' : ''}`;
    throw invalid(`Expected the metric of a collection of ${what} to be ${either(metrics)}, got ${settled.metric}`);
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What a collection with these options is like, where the model gives `dims` components. */
export function settleCollection(options: CollectionOptions, dims: number): CollectionShape {
  const { type = 'f32', rescore = false } = options;
  const metric = options.metric ?? metricsOf({ type, rescore })[0]!;
  return { type, metric, dims: options.dims ?? dims, rescore };
}

/** How to search, checked, with ids in arrays. Throws `OPTION_INVALID`. */
export function requireSearch(given: SearchOptions): Search {
  requireKnown(given, SEARCH_OPTIONS, 'topK');
  const { k, filter, recallTarget, oversample } = given;
  requireNumber('k', k, { from: 1, to: MAX_K, whole: true });
  if (recallTarget !== undefined) requireNumber('recallTarget', recallTarget, { above: 0, to: 1 });
  if (oversample !== undefined) requireNumber('oversample', oversample, { from: 1, to: MAX_OVERSAMPLE });
  return {
    k,
    ...(filter !== undefined && { filter: requireFilter(filter) }),
    ...(recallTarget !== undefined && { recallTarget }),
    ...(oversample !== undefined && { oversample }),
  };
}

/** With defaults. Throws `OPTION_INVALID`. */
export function requireSize(given: SearchSize): Required<SearchSize> {
  requireKnown(given, SIZE, 'explain');
  return {
    queries: requireNumber('queries', given.queries ?? 1, { from: 1, to: MAX_QUERIES, whole: true }),
    k: requireNumber('k', given.k ?? 10, { from: 1, to: MAX_K, whole: true }),
  };
}

function metricsOf({ type, rescore }: Pick<CollectionShape, 'type' | 'rescore'>): readonly Metric[] {
  return type === 'b1' && !rescore ? OF_BITS : OF_NUMBERS;
}

function requireFilter(filter: Filter): NonNullable<Search['filter']> {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw invalid(
      `Expected filter to be an object of ids to allow or exclude, { allow, exclude }, got ${shown(filter)}`,
    );
  }
  requireKnown(filter, FILTER, 'filter');
  const { allow, exclude } = filter;
  return {
    ...(allow !== undefined && { allow: requireIds('filter.allow', allow) }),
    ...(exclude !== undefined && { exclude: requireIds('filter.exclude', exclude) }),
  };
}

function requireIds(name: string, given: unknown): readonly Id[] {
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
    throw invalid(`Expected ${name} to be an array or another iterable of ids, got ${shown(given)}`);
  }
  const ids: readonly unknown[] = Array.isArray(given) ? given : [...(given as Iterable<unknown>)];
  const wrong = ids.findIndex((id) => typeof id !== 'string' && !Number.isFinite(id));
  if (wrong < 0) return ids as readonly Id[];
  throw invalid(`Expected ${name} to hold ids, strings or finite numbers; at ${wrong} it has ${shown(ids[wrong])}`);
}

function requireOne(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value === 'string' && known.includes(value)) return;
  throw invalid(`Expected ${name} to be ${either(known)}, got ${shown(value)}`);
}

function either(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function invalid(message: string): ShardError {
  return new ShardError('OPTION_INVALID', message);
}
