export { sizeLimit } from './buffers/create.ts';
export type { ElementType, Kernel, Launcher, Matrix, Metric, Panels, Program, Span } from './contract.ts';
export { dot } from './dot/dot.ts';
export { KernelError } from './errors.ts';
export { openLauncher } from './launch/launcher.ts';
export { normalize } from './normalize/normalize.ts';
export { pairs } from './pairs/pairs.ts';
export {
  hostPanels,
  packPanels,
  packRows,
  unpackPanels,
  type HostPanels,
  type PackOptions,
  type PackPanelsOptions,
} from './panels/host.ts';
export { componentsOf, granulesOf, MAX_DIMS, PANEL_ROWS, panelBytes, panelsBytes } from './panels/layout.ts';
export { normalizeRow } from './panels/norm.ts';
export { centreCrop, fitShorter, type Crop, type Size } from './resize/geometry.ts';
export { resize, type Images, type ResizeCall } from './resize/resize.ts';
export { topk, type TopkCall } from './topk/topk.ts';
