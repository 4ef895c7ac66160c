import type { ExecutionContext } from 'ava';
import { fastestShape, knownShape, openTimer, openTuner, type Launcher, type Tuner } from '../../kernels/index.ts';
import { shapeFor, TILE_SHAPES } from '../../kernels/tile/shape.ts';
import { onEveryGpu } from './gpus.ts';

interface Kept {
  readonly name: string;
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** A tuner of a clock by which the candidates take these milliseconds, one after the other, and what it keeps. */
function tunerBy(
  launcher: Launcher,
  milliseconds: readonly number[],
): { readonly tuner: Tuner; readonly kept: Kept[] } {
  const kept: Kept[] = [];
  const left = milliseconds.flatMap((each) => Array<number>(5).fill(each));
  let now = 0;
  let started = false;
  const clock = (): number => {
    if (started) now += left.shift() ?? Number.NaN;
    started = !started;
    return now;
  };
  const store = { get: async () => undefined, put: async (_: string, value: unknown) => void kept.push(value as Kept) };
  const timer = openTimer(launcher, { clock: 'host', now: clock });
  return { tuner: openTuner(launcher, { identity: 'this', store, timer }), kept };
}

async function chooses(
  t: ExecutionContext,
  launcher: Launcher,
  search: Parameters<typeof fastestShape>[2],
  milliseconds: Readonly<Partial<Record<keyof typeof TILE_SHAPES, number>>>,
  fastest: keyof typeof TILE_SHAPES,
): Promise<void> {
  const { tuner, kept } = tunerBy(launcher, Object.values(milliseconds));
  t.is(knownShape(tuner, search), undefined);
  t.is(await fastestShape(launcher, tuner, search), TILE_SHAPES[fastest]);
  t.is(knownShape(tuner, search), TILE_SHAPES[fastest]);
  // Each that is not here had other bits than the first.
  t.deepEqual(kept, [{ name: fastest, milliseconds }]);
  t.is(await fastestShape(launcher, tuner, search), TILE_SHAPES[fastest]);
}

onEveryGpu('tiles', (check) => {
  check('of one query streams are tried, of which each gives the same bits', async (t, launcher) => {
    const search = { type: 'f16', metric: 'dot', dims: 40, queries: 1, rows: 300 } as const;
    t.is(shapeFor(1), TILE_SHAPES.stream1);
    await chooses(t, launcher, search, { stream1: 3, stream4: 2, stream8: 2.5 }, 'stream4');
  });

  check('of many queries streams and squares are tried, of which each gives the same bits', async (t, launcher) => {
    t.is(shapeFor(33), TILE_SHAPES.square64);
    const search = { type: 'f32', metric: 'euclidean', dims: 8, queries: 33, rows: 70 } as const;
    const times = { square64: 4, stream1: 9, stream4: 8, stream8: 7, square32: 3 };
    await chooses(t, launcher, search, times, 'square32');
  });
});
