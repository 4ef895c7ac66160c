import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Engine } from '../core/contract.ts';
import { type EngineFlags, engineOptions } from './engine-options.ts';
import { CliError } from './errors.ts';
import type { Parts } from './parts.ts';

export interface EmbedOptions extends EngineFlags {
  readonly prompt?: string;
  readonly dims?: number;
}

/** Enough lines to keep a device busy; memory is bounded by it. */
const LINES_AT_ONCE = 1024;

/** One text a line in, one vector a line out, as JSON. */
export async function embed(file: string, options: EmbedOptions, parts: Parts): Promise<void> {
  const { prompt, dims } = options;
  const input = await openInput(file);
  process.stdout.once('error', endOutput);
  await using engine = await parts.openEngine(engineOptions(options));
  let texts: string[] = [];
  const flush = (): Promise<void> =>
    write(engine, texts, { ...(prompt !== undefined && { prompt }), ...(dims !== undefined && { dims }) });
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    texts.push(line);
    if (texts.length < LINES_AT_ONCE) continue;
    await flush();
    texts = [];
  }
  await flush();
}

/** `| head` closes our output, which is an end; anything else (a full disk) is a failure that must show in the exit code. */
function endOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`error ${error.code ?? 'UNKNOWN'}: standard output can't be written: ${error.message}\n`);
  process.exit(1);
}

async function write(
  engine: Engine,
  texts: readonly string[],
  options: { readonly prompt?: string; readonly dims?: number },
): Promise<void> {
  if (texts.length === 0) return;
  const { count, dims, data } = await engine.embed(texts, options);
  for (let row = 0; row < count; row++) {
    const vector = Array.from(data.subarray(row * dims, (row + 1) * dims));
    if (!process.stdout.write(`${JSON.stringify(vector)}\n`)) await once(process.stdout, 'drain');
  }
}

async function openInput(file: string): Promise<NodeJS.ReadableStream> {
  if (file === '-') return process.stdin;
  try {
    await access(file);
  } catch (error) {
    throw new CliError('FILE_UNREADABLE', `Expected a file of texts, one a line, but ${file} can't be read`, {
      cause: error,
    });
  }
  return createReadStream(file);
}
