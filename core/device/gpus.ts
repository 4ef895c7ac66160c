import { findDevices } from './find.ts';
import { type NvidiaCard, readNvidia } from './nvidia.ts';

/** A GPU that can be given to one process. Plain data: it crosses processes. */
export interface Gpu {
  /** By what it is chosen: NVIDIA's driver hides the other cards from a process, WebGPU is told by its owner. */
  readonly kind: 'nvidia' | 'webgpu';
  /** Position among those of its kind, from 0. */
  readonly index: number;
  /** As the driver names it, such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Bytes, where the driver tells. */
  readonly memoryBytes?: number;
  readonly uuid?: string;
}

/** How long a driver may take to answer, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** The real GPUs of this machine that this process may use: NVIDIA's cards, or else what WebGPU finds. */
export async function findGpus(): Promise<Gpu[]> {
  const { cards } = await readNvidia({ timeoutMs: TIMEOUT_MS, signal: undefined });
  if (cards.length > 0) return gpusOf(cards);
  const findings = await findDevices({ kinds: ['webgpu'], software: false, timeoutMs: TIMEOUT_MS });
  return findings.flatMap((finding): Gpu[] => {
    if (finding.status === 'missing') return [];
    const { index, name, memoryBytes } = finding.device;
    return [{ kind: 'webgpu', index, name, ...(memoryBytes !== undefined && { memoryBytes }) }];
  });
}

/** NVIDIA's cards, in CUDA's order. */
export function gpusOf(cards: readonly NvidiaCard[]): Gpu[] {
  return cards.map((card, index) => ({ kind: 'nvidia', index, ...card }));
}
