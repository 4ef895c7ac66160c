import type { Kernel, Matrix, Panels } from '../contract.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { halfFile } from '../panels/half.ts';
import { granulesOf, panelsFile } from '../panels/layout.ts';
import { rowsFile, rowsOf, type RowChoice } from '../panels/rows.ts';
import { spanOfPanels, spanOfScales } from '../panels/span.ts';

export interface UnpackCall extends RowChoice {
  /** Those of `i8` have scales. */
  readonly panels: Panels;
  /** uint32, n × 1: the rows to unpack. A vector whose row is past the last is left as it is. */
  readonly rows?: Matrix;
  /** float32, n × dims of the panels; written. */
  readonly vectors: Matrix;
}

const VECTORS = 8;
const file = (name: string): URL => new URL(name, import.meta.url);
const floats = {
  f32: [file('f32.wgsl')],
  f16: [halfFile, file('f16.wgsl')],
  i8: [file('i8.wgsl')],
  b1: [file('b1.wgsl')],
};

/**
 * Vectors of rows of panels, row-major: what `f32` and `f16` hold exactly, `i8` times its scale (one rounding), and 1 or
 * -1 for the bits of `b1`. The bits of `unpackPanels` on the host.
 */
export const unpack: Kernel<UnpackCall> = {
  name: 'unpack',
  async plan(launcher, call) {
    const { panels, vectors } = call;
    const { type, dims } = panels;
    const from = spanOfPanels('panels', panels);
    requireShape('vectors', vectors, vectors.rows, dims);
    const { list, fields } = rowsOf(panels, call, vectors.rows, from);
    const bindings = [from, spanOf('vectors', vectors), list];
    if (type === 'i8') bindings.push(spanOfScales('panels', panels));
    if (vectors.rows === 0 || panels.rows === 0) return planOf([]);
    const pipeline = await launcher.pipeline({ files: [panelsFile, rowsFile, ...floats[type], file('unpack.wgsl')] });
    const immediates = Uint32Array.of(...fields, vectors.rows, dims, granulesOf(type, dims));
    return planOf([{ pipeline, bindings, immediates, workgroups: launcher.grid(Math.ceil(vectors.rows / VECTORS)) }]);
  },
};
