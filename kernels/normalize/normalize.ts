import type { Kernel, Matrix } from '../contract.ts';
import { spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { requirePanelShape } from '../panels/layout.ts';
import { normFile } from '../panels/norm.ts';

export interface NormalizeCall {
  /** float32, n × d, d at most 65,536; overwritten. */
  readonly vectors: Matrix;
}

const files = [normFile, new URL('normalize.wgsl', import.meta.url)];

/**
 * Scales each row to L2 norm 1, in place, with the bits of `normalizeRow` on the host. A zero row stays zero; a row with
 * NaN or an infinity has no direction and becomes all NaN; components below 2⁻⁹⁴ of the greatest may become zero.
 *
 * Each component is within (√d + 3) · u of its magnitude (panels/norm.ts).
 */
export const normalize: Kernel<NormalizeCall> = {
  name: 'normalize',
  async plan(launcher, { vectors }) {
    const bindings = [spanOf('vectors', vectors)];
    if (vectors.rows === 0 || vectors.columns === 0) return planOf([]);
    requirePanelShape('f32', vectors.columns);
    const pipeline = await launcher.pipeline({ files });
    const immediates = Uint32Array.of(vectors.rows, vectors.columns);
    return planOf([{ pipeline, bindings, immediates, workgroups: launcher.grid(vectors.rows) }]);
  },
};
