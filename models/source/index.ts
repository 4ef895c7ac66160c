export type { DownloadProgress, ResolveModelOptions } from './options.ts';
export { resolveModel } from './resolve.ts';
