import { ModelError } from '../errors.ts';
import type { Environment } from './environment.ts';

/** Bytes of one file so far. */
export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** Absent where the server doesn't tell. */
  readonly totalBytes?: number;
}

export interface ResolveModelOptions {
  /** Where relative paths start, and from where npm packages are found. Default: `process.cwd()`. */
  readonly cwd?: string;
  /** Forbids (`true`) or allows (`false`) the network, whatever the environment says. Default: as the environment says. */
  readonly offline?: boolean;
  /** Called as bytes arrive, several times a file. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops a download; what arrived is kept and continued next time. */
  readonly signal?: AbortSignal;
  /** Default: `process.env`. */
  readonly environment?: Environment;
}

const names: readonly string[] = [
  'cwd',
  'offline',
  'onProgress',
  'signal',
  'environment',
] satisfies (keyof ResolveModelOptions)[];

export function checkOptions(options: ResolveModelOptions): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ModelError(
      'INPUT_INVALID',
      `resolveModel has no option \`${unknown}\`; its options are ${names.join(', ')}.`,
    );
  }
}
