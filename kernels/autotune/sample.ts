import type { ElementType, Launcher, Matrix, Panels } from '../contract.ts';
import { pack } from '../pack/pack.ts';
import { panelsBytes } from '../panels/layout.ts';

/** Vectors that are made; the rest are the same ones again. */
const DISTINCT = 1024;

export interface Sample extends Disposable {
  readonly panels: Panels;
}

/** Panels of vectors in all directions, for timing: always the same ones. Disposing frees their memory. */
export async function samplePanels(
  launcher: Launcher,
  { type, dims, rows }: { readonly type: ElementType; readonly dims: number; readonly rows: number },
): Promise<Sample> {
  using owned = new DisposableStack();
  const own = async (bytes: number): Promise<GPUBuffer> => {
    const buffer = await launcher.allocate(bytes);
    owned.defer(() => buffer.destroy());
    return buffer;
  };
  const scales: Matrix = { buffer: await own(rows * 4), rows, columns: 1 };
  const buffer = await own(panelsBytes(type, dims, rows));
  const panels: Panels = { buffer, type, rows, dims, ...(type === 'i8' && { scales }) };
  const distinct = Math.min(rows, DISTINCT);
  using lease = await launcher.upload(noise(distinct * dims));
  for (let firstRow = 0; firstRow < rows; firstRow += distinct) {
    const vectors = { buffer: lease.buffer, rows: Math.min(distinct, rows - firstRow), columns: dims };
    using plan = await pack.plan(launcher, { vectors, panels, firstRow, normalize: type !== 'b1' });
    await launcher.submit(plan.steps);
  }
  const held = owned.move();
  return { panels, [Symbol.dispose]: () => held.dispose() };
}

/** Numbers from -1 up to 1, by a generator whose constants are those of Numerical Recipes. */
function noise(length: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}
