import type { Kernel, Matrix, Panels, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { halfFile } from '../panels/half.ts';
import { granulesOf, panelsFile } from '../panels/layout.ts';
import { normFile } from '../panels/norm.ts';
import { rowsFile, rowsOf, type RowChoice } from '../panels/rows.ts';
import { spanOfPanels, spanOfScales } from '../panels/span.ts';

export interface PackCall extends RowChoice {
  /** float32, n × columns; where the panels have fewer components, the leading ones are taken (Matryoshka). */
  readonly vectors: Matrix;
  /** Written at the rows named; those of `i8` have scales, which are written too. Scales of other types are left alone. */
  readonly panels: Panels;
  /** uint32, n × 1: the row of each vector, no two alike; a vector whose row is past the last is left out. */
  readonly rows?: Matrix;
  /** Scale what is taken to L2 norm 1 first; a zero row stays zero, one without a direction is NaN. Default: false. */
  readonly normalize?: boolean;
}

const VECTORS = 8;
const file = (name: string): URL => new URL(name, import.meta.url);
const before = [panelsFile, rowsFile, normFile, file('row.wgsl')];
const words = {
  f32: [file('f32.wgsl')],
  f16: [halfFile, file('f16.wgsl')],
  i8: [file('quantize.wgsl'), file('i8.wgsl')],
  b1: [file('b1.wgsl')],
};

/**
 * Packs row-major vectors into rows of panels: truncated, normalised, converted and laid out in one pass. All steps but
 * one product of floats are of integers, so every device gives the bits of `packPanels` on the host.
 *
 * `f16` rounds to nearest, ties to even, to infinity from 65,520 up. `i8` is 127 · x / max|x| to nearest, ties to even,
 * with the scale max|x| / 127; rows below 2⁻¹¹⁹ are zero with the scale 0, and one with NaN or an infinity has the
 * scale NaN. A bit of `b1` is x > 0. A normalised component is within (√d + 3) · u of its magnitude (panels/norm.ts).
 */
export const pack: Kernel<PackCall> = {
  name: 'pack',
  async plan(launcher, call) {
    const { vectors, panels, normalize = false } = call;
    const { type, dims } = panels;
    const bindings: [Span, ...Span[]] = [spanOf('vectors', vectors), spanOfPanels('panels', panels)];
    if (vectors.columns < dims) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected vectors of ${dims} components or more, as the panels have; got ${vectors.columns}.`,
      );
    }
    const { list, fields } = rowsOf(panels, call, vectors.rows, bindings[0]);
    bindings.push(list);
    if (type === 'i8') bindings.push(spanOfScales('panels', panels));
    if (vectors.rows === 0 || panels.rows === 0) return planOf([]);
    const NORMALIZE = Number(normalize && type !== 'b1');
    const pipeline = await launcher.pipeline({
      files: [...before, ...words[type], file('pack.wgsl')],
      constants: { NORMALIZE, SCALED: Number(NORMALIZE === 1 || type === 'i8') },
    });
    const immediates = Uint32Array.of(...fields, vectors.rows, vectors.columns, dims, granulesOf(type, dims));
    return planOf([{ pipeline, bindings, immediates, workgroups: launcher.grid(Math.ceil(vectors.rows / VECTORS)) }]);
  },
};
