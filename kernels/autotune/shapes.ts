import type { ElementType, Launcher, Matrix, Metric, Panels, Span } from '../contract.ts';
import { panelBytes, PANEL_ROWS } from '../panels/layout.ts';
import { shapeFor, TILE_SHAPES, type TileShape } from '../tile/shape.ts';
import { topk } from '../topk/topk.ts';
import type { Candidate, Tuner } from './contract.ts';
import { samplePanels } from './sample.ts';

/** A search, as far as the choice of its tiles depends on it. */
export interface SearchShape {
  readonly type: ElementType;
  readonly metric: Metric;
  readonly dims: number;
  readonly queries: number;
  readonly rows: number;
}

/** Of larger collections a part is measured. */
const SAMPLE_BYTES = 256 * 2 ** 20;
const MAX_QUERIES = 1024;
/** Few, so that it is the scores whose time is told. */
const K = 10;

const shapes: readonly (readonly [name: string, shape: TileShape])[] = Object.entries(TILE_SHAPES);

/** The tiles that were found the fastest for such searches on this device; `undefined` while that is not known. */
export function knownShape(tuner: Tuner, search: SearchShape): TileShape | undefined {
  return shapeOf(tuner.chosen(topk.name, measured(search)));
}

/**
 * The tiles that are the fastest for such searches on this device: as kept, or else measured on vectors of its own. The
 * candidates are what is taken without measuring, and other streams and squares that leave less than half of their
 * queries unused.
 */
export async function fastestShape(launcher: Launcher, tuner: Tuner, search: SearchShape): Promise<TileShape> {
  const shape = measured(search);
  const { type, metric, dims, queries, rows } = shape;
  using owned = new DisposableStack();
  // Made only where something is measured.
  let samples: Promise<{ readonly query: Panels; readonly item: Panels }> | undefined;
  const sample = async (count: number): Promise<Panels> =>
    owned.use(await samplePanels(launcher, { type, dims, rows: count })).panels;
  const [bestRows, bestScores] = [
    owned.use(await launcher.scratch(queries * K * 4)).buffer,
    owned.use(await launcher.scratch(queries * K * 4)).buffer,
  ];
  const best = (buffer: GPUBuffer): Matrix => ({ buffer, rows: queries, columns: K });
  const span = (buffer: GPUBuffer): Span => ({ buffer, offset: 0, size: queries * K * 4 });
  const usual = shapeFor(queries);
  const candidates = shapes
    .filter(([, each]) => each === usual || each.constants.QUERIES < 2 * Math.max(8, queries))
    .toSorted(([, a], [, b]) => Number(b === usual) - Number(a === usual))
    .map(([name, each]): Candidate => ({
      name,
      async plan() {
        samples ??= sample(queries).then(async (query) => ({ query, item: await sample(rows) }));
        const { query, item } = await samples;
        const found = { rows: best(bestRows), scores: best(bestScores) };
        return topk.plan(launcher, { queries: query, items: [item], metric, k: K, ...found, shape: each });
      },
    }));
  const results = [span(bestRows), span(bestScores)];
  const name = await tuner.choose({ kernel: topk.name, shape: { ...shape }, candidates, results });
  return shapeOf(name) ?? usual;
}

function shapeOf(name: string | undefined): TileShape | undefined {
  return shapes.find(([each]) => each === name)?.[1];
}

/** What is measured for a search: with more queries, or more rows, the choice would be the same. */
function measured({ type, metric, dims, queries, rows }: SearchShape): SearchShape & Record<string, string | number> {
  const most = Math.max(1, Math.floor(SAMPLE_BYTES / panelBytes(type, dims))) * PANEL_ROWS;
  return { type, metric, dims, queries: Math.min(queries, MAX_QUERIES), rows: Math.min(rows, most) };
}
