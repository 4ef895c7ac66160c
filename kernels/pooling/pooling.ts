import type { Kernel, Matrix, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { normalize } from '../normalize/normalize.ts';
import { halfFile } from '../panels/half.ts';

/** The states that a model gives each token: row-major sequences × tokens × dims. */
export interface States {
  readonly buffer: GPUBuffer;
  /** In bytes, a multiple of 256. Default: 0. */
  readonly offset?: number;
  /** `f16`: two to a word, the first in the low bits. */
  readonly type: 'f32' | 'f16';
}

/** `mean` of the tokens, the state of the first one (`cls`), or that of the last. */
export type Pooling = 'mean' | 'cls' | 'last';

export interface PoolingCall {
  readonly states: States;
  /** int32 or uint32, sequences × tokens: not 0 where there is a token. On which side the others are does not matter. */
  readonly mask: Matrix;
  readonly pooling: Pooling;
  /** float32, sequences × dims; written. Zeros for a sequence without tokens. */
  readonly vectors: Matrix;
  /** Scale each vector to L2 norm 1, as `normalize` does. Default: false. */
  readonly normalize?: boolean;
}

const COMPONENTS = 32;
const KINDS: Readonly<Record<Pooling, number>> = { mean: 0, cls: 1, last: 2 };
const file = (name: string): URL => new URL(name, import.meta.url);
const elements = { f32: [file('f32.wgsl')], f16: [halfFile, file('f16.wgsl')] };

/**
 * One vector for each sequence, from the states of its tokens; what is masked is never read. `cls` and `last` are
 * copies. A mean of n tokens is within γ_(n+2) · Σ|xᵢ| / n + 2⁻¹²⁶ · (n + 1) of the exact one (pooling/reference.ts).
 */
export const pooling: Kernel<PoolingCall> = {
  name: 'pooling',
  async plan(launcher, call) {
    const { mask, vectors } = call;
    const [sequences, tokens, dims] = [mask.rows, mask.columns, vectors.columns];
    if (!Object.hasOwn(KINDS, call.pooling)) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected pooling of ${Object.keys(KINDS).join(', ')}; got ${call.pooling}.`,
      );
    }
    requireShape('vectors', vectors, sequences, dims);
    const bindings = [
      spanOfStates(call.states, sequences * tokens * dims),
      spanOf('mask', mask),
      spanOf('vectors', vectors),
    ];
    if (sequences === 0 || dims === 0) return planOf([]);
    if (tokens === 0) throw new KernelError('INPUT_INVALID', 'Expected sequences of 1 token or more; got 0.');
    const pipeline = await launcher.pipeline({
      files: [...elements[call.states.type], file('pooling.wgsl')],
      constants: { KIND: KINDS[call.pooling] },
    });
    const immediates = Uint32Array.of(sequences, tokens, dims);
    const workgroups = launcher.grid(sequences * Math.ceil(dims / COMPONENTS));
    const step = { pipeline, bindings, immediates, workgroups };
    if (call.normalize !== true) return planOf([step]);
    const scaling = await normalize.plan(launcher, { vectors });
    return planOf([step, ...scaling.steps]);
  },
};

/** The bytes of the states. Throws `INPUT_INVALID` where their buffer does not hold them. */
function spanOfStates({ buffer, offset = 0, type }: States, count: number): Span {
  if (!Object.hasOwn(elements, type)) {
    throw new KernelError('INPUT_INVALID', `Expected states of f32 or f16; got ${type}.`);
  }
  const size = Math.ceil((count * (type === 'f16' ? 2 : 4)) / 4) * 4;
  if (!Number.isInteger(offset) || offset < 0 || offset % 256 !== 0 || offset + size > buffer.size) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${size} bytes of states from a multiple of 256 within their buffer of ${buffer.size}; got them from ${offset}.`,
    );
  }
  return { buffer, offset, size };
}
