export { sizeLimit } from './buffers/create.ts';
export type { ElementType, Kernel, Launcher, Matrix, Metric, Program, Span } from './contract.ts';
export { dot } from './dot/dot.ts';
export { KernelError } from './errors.ts';
export { openLauncher } from './launch/launcher.ts';
export { normalize } from './normalize/normalize.ts';
export { pairs } from './pairs/pairs.ts';
export { topk, type TopkCall } from './topk/topk.ts';
