import type { EngineOptions } from '../core/open.ts';

/** The options that every command with an engine takes, as commander gives them. */
export type EngineFlags = Pick<EngineOptions, 'model' | 'device' | 'runtime' | 'threads'>;

/** Those of a command's options that are the engine's. */
export function engineOptions({ model, device, runtime, threads }: EngineFlags): EngineOptions {
  return {
    ...(model !== undefined && { model }),
    ...(device !== undefined && { device }),
    ...(runtime !== undefined && { runtime }),
    ...(threads !== undefined && { threads }),
  };
}
