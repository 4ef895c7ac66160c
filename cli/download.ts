import type { Logger } from 'pino';
import type { EngineOptions } from '../core/open.ts';

/** Logs a download at its start and at each tenth, so that a first start does not look as if it hung. */
export function logDownloads(log: Logger): NonNullable<EngineOptions['onDownload']> {
  const told = new Map<string, number>();
  return ({ file, receivedBytes, totalBytes }) => {
    const tenth = totalBytes === undefined ? 0 : Math.floor((10 * receivedBytes) / totalBytes);
    if ((told.get(file) ?? -1) >= tenth) return;
    told.set(file, tenth);
    log.info({ file, receivedBytes, totalBytes }, 'downloading the model');
  };
}
