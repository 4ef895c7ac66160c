import { type DestinationStream, type Level, type Logger, pino } from 'pino';

export type LogLevel = Level | 'silent';

export interface LogOptions {
  /** Default: `info`. */
  readonly level?: LogLevel;
  /** Default: standard error. */
  readonly destination?: DestinationStream;
}

/** A JSON log that writes no token, even where one is handed to it by mistake. */
export function createLog({ level = 'info', destination }: LogOptions = {}): Logger {
  const options = {
    level,
    redact: ['token', '*.token', 'authorization', '*.authorization', '*.headers.authorization'],
  };
  // Synchronous, so that the last words before an exit are not lost.
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}
