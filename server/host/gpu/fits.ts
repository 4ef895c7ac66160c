import type { Gpu } from '../../../core/device/gpus.ts';
import type { GpuNeed } from '../../../shard/app/definition.ts';

/** Asks for no GPU at all, as the last resort of a list. */
export const CPU = 'cpu';
/** Asks for a GPU, whichever. */
const ANY = 'any';

/**
 * Whether a GPU is what was asked for. A name fits where its words, letters and digits alone, are words of the device's
 * own in the same order: `h100` and `h100-80gb` are the `NVIDIA H100 80GB HBM3`, and `a10` is no `NVIDIA A100`.
 */
export function fits(request: GpuNeed, { name, memoryBytes = 0 }: Gpu): boolean {
  if (typeof request === 'object') return memoryBytes >= request.memory;
  if (request.toLowerCase() === ANY) return true;
  const own = wordsOf(name);
  return wordsOf(request).every((word) => {
    const at = own.indexOf(word);
    own.splice(0, at + 1);
    return at >= 0;
  });
}

/** Whether it asks for a process without a GPU. */
export function isCpu(request: GpuNeed): boolean {
  return typeof request === 'string' && request.toLowerCase() === CPU;
}

/** What was asked for, in words. */
export function told(request: GpuNeed): string {
  if (typeof request === 'string') return request;
  return `${gibibytes(request.memory)} of memory`;
}

/** What there is, in words. */
export function toldOf(gpus: readonly Gpu[]): string {
  if (gpus.length === 0) return 'no GPU';
  return gpus
    .map(({ name, memoryBytes }) => (memoryBytes === undefined ? name : `${name} (${gibibytes(memoryBytes)})`))
    .join(', ');
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
