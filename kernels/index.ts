export { sizeLimit } from './buffers/create.ts';
export type { Kernel, Launcher, Lease, Matrix, Plan, Program, Span, Step } from './contract.ts';
export { dot, type DotCall } from './dot/dot.ts';
export { KernelError, type KernelErrorCode, type ShaderPosition } from './errors.ts';
export { openLauncher, type LauncherOptions } from './launch/launcher.ts';
export { normalize, type NormalizeCall } from './normalize/normalize.ts';
export { pairs, type PairsCall } from './pairs/pairs.ts';
export { topk, type TopkCall } from './topk/topk.ts';
