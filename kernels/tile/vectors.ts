import type { Metric, Panels, Span } from '../contract.ts';
import { elementFiles } from '../elements/elements.ts';
import { KernelError } from '../errors.ts';
import { spanOf } from '../launch/matrix.ts';
import { granulesOf, panelsFile } from '../panels/layout.ts';
import { spanOfPanels } from '../panels/span.ts';

/** What every kernel that scores is given. */
export interface VectorsCall {
  readonly queries: Panels;
  /** Of the type and the number of components of `queries`. */
  readonly items: Panels;
  /** One that the type has. `euclidean` of floats takes no scales. */
  readonly metric: Metric;
}

/** Queries and items as `vectors.wgsl` takes them. */
export interface Vectors {
  /** Up to `vectors.wgsl` itself. */
  readonly files: readonly URL[];
  /** Bindings 0 to 3. */
  readonly bindings: readonly Span[];
  /** The 5 fields of `Vectors`, for the queries from `first` up to `end`. */
  fields(first: number, end: number): readonly number[];
}

const vectorsFile = new URL('vectors.wgsl', import.meta.url);

/** Throws `INPUT_INVALID` unless the queries and items can be scored by the metric. */
export function vectorsOf({ queries, items, metric }: VectorsCall): Vectors {
  const files = elementFiles(queries.type, metric);
  const spans = [spanOfPanels('queries', queries), spanOfPanels('items', items)] as const;
  if (items.type !== queries.type || items.dims !== queries.dims) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected items to be ${queries.type} of ${queries.dims} components; got ${items.type} of ${items.dims}.`,
    );
  }
  const scaled = Number(queries.scales !== undefined) | (Number(items.scales !== undefined) << 1);
  if (scaled !== 0 && metric === 'euclidean' && queries.type !== 'i8') {
    throw new KernelError('INPUT_INVALID', `Expected no scales for euclidean distances of ${queries.type}; got some.`);
  }
  const granules = granulesOf(queries.type, queries.dims);
  return {
    files: [panelsFile, ...files, vectorsFile],
    bindings: [...spans, scalesOf('queries', queries, spans[0]), scalesOf('items', items, spans[1])],
    fields: (first, end) => [first, end, items.rows, granules, scaled],
  };
}

/** Without scales something must still be bound. */
function scalesOf(name: string, { scales }: Panels, otherwise: Span): Span {
  return scales === undefined ? otherwise : spanOf(`scales of ${name}`, scales);
}
