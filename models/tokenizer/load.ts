import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tokenizer } from '../contract.ts';
import { ModelError } from '../errors.ts';
import { wordPieceDefinition } from './definition.ts';
import { isRecord, type TokenizerJson } from './json.ts';
import { LibraryTokenizer } from './library.ts';
import { WordPieceTokenizer } from './wordpiece.ts';

/**
 * The tokeniser that a `tokenizer.json` describes: the fast path for a plain BERT WordPiece, the library for the rest.
 * Padding and truncation that are baked into the file are ignored.
 *
 * Throws `MODEL_NOT_FOUND` where the file is missing, `MODEL_INVALID` where it is no tokeniser, and
 * `MODEL_UNSUPPORTED` where the library can't build it.
 */
export async function loadTokenizer(tokenizerJsonPath: string): Promise<Tokenizer> {
  const json = await readJson(tokenizerJsonPath);
  if (!isTokenizerJson(json)) {
    throw new ModelError(
      'MODEL_INVALID',
      `Expected ${tokenizerJsonPath} to be a tokenizer.json: an object with \`model\` and, if any, a list of \`added_tokens\`.`,
    );
  }
  const definition = wordPieceDefinition(json);
  if (definition !== undefined) {
    return new WordPieceTokenizer(definition);
  }
  const config = await readConfig(join(dirname(tokenizerJsonPath), 'tokenizer_config.json'));
  try {
    return new LibraryTokenizer(json, config);
  } catch (error) {
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `The tokeniser in ${tokenizerJsonPath} (model type ${String(json.model.type)}) can't be built: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ModelError('MODEL_NOT_FOUND', `The tokeniser file can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError('MODEL_INVALID', `${path} is not JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function readConfig(path: string): Promise<object> {
  try {
    const config: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isRecord(config) ? config : {};
  } catch {
    // The library needs only what tokenizer.json says; the config refines a few old tokenisers.
    return {};
  }
}

function isTokenizerJson(value: unknown): value is TokenizerJson {
  if (!isRecord(value) || !isRecord(value['model'])) {
    return false;
  }
  const added = value['added_tokens'] ?? [];
  return (
    Array.isArray(added) &&
    added.every((token) => isRecord(token) && typeof token['content'] === 'string' && typeof token['id'] === 'number')
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
