export type { Candidate, Tuner, TuningQuestion, TuningStore } from './autotune/contract.ts';
export { tuningIdentity } from './autotune/key.ts';
export { fastestShape, knownShape, type SearchShape } from './autotune/shapes.ts';
export { openTuner } from './autotune/tuner.ts';
export { sizeLimit } from './buffers/create.ts';
export type { ElementType, Kernel, Launcher, Matrix, Metric, Panels, Program, Span, Step } from './contract.ts';
export { dot } from './dot/dot.ts';
export { gemm, gemmTiers, type GemmTier } from './gemm/gemm.ts';
export { KernelError } from './errors.ts';
export { openLauncher } from './launch/launcher.ts';
export { openTimer, type Timer } from './launch/timer.ts';
export { move } from './move/move.ts';
export { normalize } from './normalize/normalize.ts';
export { pack } from './pack/pack.ts';
export { pairs } from './pairs/pairs.ts';
export {
  hostPanels,
  packPanels,
  packRows,
  unpackPanels,
  type HostPanels,
  type PackPanelsOptions,
} from './panels/host.ts';
export { componentsOf, PANEL_ROWS, panelBytes, panelsBytes } from './panels/layout.ts';
export { halfOf } from './panels/half.ts';
export { normalizeRow } from './panels/norm.ts';
export { quantizationOf, quantize } from './panels/quantize.ts';
export { pooling, type Pooling } from './pooling/pooling.ts';
export { centreCrop, fitShorter } from './resize/geometry.ts';
export { resize, type ResizeCall } from './resize/resize.ts';
export { merge } from './topk/merge.ts';
export { expectedRecall } from './topk/recall.ts';
export { matricesFor, topk, type TopkCall } from './topk/topk.ts';
export { TILE_SHAPES, type TileShape } from './tile/shape.ts';
export { unpack } from './unpack/unpack.ts';
