import { readFile } from 'node:fs/promises';
import { parseTokens, type Token } from '../server/access/tokens.ts';
import { CliError } from './errors.ts';

export interface TokenSources {
  readonly token?: string;
  readonly tokenFile?: string;
}

export interface TokensSource {
  readonly tokensFile?: string;
}

/** The token by flag, by file or by `WARPMAP_TOKEN`, in this order. Throws `FILE_UNREADABLE`. */
export async function findToken({ token, tokenFile }: TokenSources): Promise<string | undefined> {
  if (token !== undefined) return token;
  if (tokenFile === undefined) return process.env['WARPMAP_TOKEN'] || undefined;
  // Editors and `echo` end files with a newline, which is no part of a token.
  return (await textOf(tokenFile, '--token-file')).trim();
}

/** The tokens of a file, by flag or by `WARPMAP_TOKENS_FILE`; none without. Throws `FILE_UNREADABLE` or `OPTION_INVALID`. */
export async function findTokens({ tokensFile }: TokensSource): Promise<Token[]> {
  return tokensFile === undefined ? [] : parseTokens(await textOf(tokensFile, '--tokens-file'));
}

async function textOf(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('FILE_UNREADABLE', `The file of ${flag} could not be read: ${reason}`, { cause: error });
  }
}
