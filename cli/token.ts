import { readFile } from 'node:fs/promises';
import { CliError } from './errors.ts';

export interface TokenSources {
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The token by flag, by file or by `WARPMAP_TOKEN`, in this order. Throws `FILE_UNREADABLE`. */
export async function findToken({ token, tokenFile }: TokenSources): Promise<string | undefined> {
  if (token !== undefined) return token;
  if (tokenFile === undefined) return process.env['WARPMAP_TOKEN'] || undefined;
  try {
    // Editors and `echo` end files with a newline, which is no part of a token.
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('FILE_UNREADABLE', `The file of --token-file could not be read: ${reason}`, { cause: error });
  }
}
