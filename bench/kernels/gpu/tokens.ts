/** Vectors of texts from the states of their tokens. */
import { pooling } from '../../../kernels/index.ts';
import { poolingReference } from '../../../kernels/pooling/reference.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, requireClose, submitted } from './memory.ts';

const TOKENS = 128;
const DIMS = 384;

export async function benchTokens(
  bench: GpuBench,
  texts: number,
  ceilings: Ceilings,
  random: () => number,
): Promise<void> {
  const { launcher } = bench;
  // One text's; the others are the same.
  const values = Float32Array.from({ length: TOKENS * DIMS }, () => random() - 0.5);
  const states = await matrix(launcher, texts * TOKENS, DIMS, values);
  const mask = await matrix(launcher, texts, TOKENS, new Uint32Array(TOKENS).fill(1));
  const vectors = await matrix(launcher, texts, DIMS);
  const call = { states: { buffer: states.buffer, type: 'f32' }, mask, pooling: 'mean', vectors } as const;
  await submitted(launcher, pooling, call);
  const shape = { tokens: TOKENS, dims: DIMS, pooling: 'mean' } as const;
  const reference = poolingReference(values, new Uint32Array(TOKENS).fill(1), shape);
  requireClose('pooling', new Float32Array(await read(launcher, vectors)), reference.vectors, reference.bounds);
  const bytes = (texts * TOKENS * (DIMS + 1) + texts * DIMS) * 4;
  await bench.kernel(pooling, call, `mean of ${texts} × ${TOKENS} × ${DIMS} float32`, { bytes }, ceilings);
  for (const { buffer } of [states, mask, vectors]) buffer.destroy();
}
