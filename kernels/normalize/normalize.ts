import type { Kernel, Matrix } from '../contract.ts';
import { spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';

export interface NormalizeCall {
  /** float32, n × d; overwritten. */
  readonly vectors: Matrix;
}

const files = [new URL('normalize.wgsl', import.meta.url)];
const NAN_BITS = 0x7fc00000;

/**
 * Scales each row to L2 norm 1, in place. A zero row stays zero; a row with NaN or an infinity has no direction and
 * becomes all NaN. A row whose magnitudes are all below 2⁻¹²⁶ may count as zero, and is then left as it is.
 *
 * Each component is within (γ_d / 2 + 14u) of its magnitude: half the error of the sum of squares (Higham, §3.1), and
 * √, 1/√ and ÷ as accurate as WGSL asks (§15.7.4: 2.5, 2 and 2.5 ULP).
 */
export const normalize: Kernel<NormalizeCall> = {
  name: 'normalize',
  async plan(launcher, { vectors }) {
    const bindings = [spanOf('vectors', vectors)];
    if (vectors.rows === 0 || vectors.columns === 0) return planOf([]);
    const pipeline = await launcher.pipeline({ files });
    const immediates = Uint32Array.of(vectors.rows, vectors.columns, NAN_BITS);
    return planOf([{ pipeline, bindings, immediates, workgroups: launcher.grid(vectors.rows) }]);
  },
};
