import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../../errors.ts';
import type { DownloadProgress } from '../options.ts';
import type { HubClient, HubResponse } from './client.ts';
import { matchesEtag } from './checksum.ts';
import { Partial } from './partial.ts';
import { retried } from './retry.ts';
import { TransientFailure } from './transient.ts';

export interface DownloadOptions {
  /** Path on the hub, with its leading slash. */
  readonly path: string;
  /** Name for people. */
  readonly file: string;
  readonly blobs: string;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * Fetches one file into the folder of blobs and answers its name there, the ETag. A cut is continued where it was;
 * the blob appears, by renaming, only once its length and checksum are right.
 */
export async function download(client: HubClient, options: DownloadOptions): Promise<string> {
  const { path, blobs, signal } = options;
  const retry = { wait: client.wait, signal };
  const first = await retried(`Fetching ${options.file}`, async () => client.open(path, {}, signal), retry);
  const target = describe(first, options.file);
  if (existsSync(join(blobs, target.etag))) {
    discard(first);
    return target.etag;
  }
  await mkdir(blobs, { recursive: true });
  const partial = await Partial.claim(blobs, target.etag);
  try {
    await fill(client, options, target, partial, first);
    await rename(partial.path, join(blobs, target.etag));
    return target.etag;
  } catch (error) {
    await partial.release();
    throw error;
  }
}

interface Target {
  readonly etag: string;
  readonly bytes: number | undefined;
}

function describe(response: HubResponse, file: string): Target {
  const etag = response.stated('x-linked-etag') ?? response.stated('etag');
  const name = etag?.replace(/^W\//, '').replaceAll('"', '');
  if (name === undefined || !/^[\w-]+$/.test(name)) {
    discard(response);
    throw new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `${file} came without a usable ETag (${etag ?? 'none'}), by which it is checked and kept. Check HF_ENDPOINT.`,
    );
  }
  const length = Number(response.stated('x-linked-size') ?? response.headers['content-length'] ?? Number.NaN);
  return { etag: name, bytes: Number.isSafeInteger(length) ? length : undefined };
}

async function fill(
  client: HubClient,
  options: DownloadOptions,
  target: Target,
  partial: Partial,
  first: HubResponse,
): Promise<void> {
  let response: HubResponse | undefined = first;
  let size = await partial.size();
  let resumed = size > 0;
  let servedEtag: string | undefined;
  const run = async (): Promise<void> => {
    if (size > 0 && response !== undefined) {
      discard(response);
      response = undefined;
    }
    if (target.bytes === undefined || size < target.bytes) {
      response ??= await client.open(options.path, rangeHeaders(size, servedEtag), options.signal);
      servedEtag = strongEtag(response);
      const current = response;
      response = undefined;
      resumed ||= size > 0;
      if (!continues(current, size)) {
        // The server sends it whole, or can't go on from here: begin anew.
        await rm(partial.path, { force: true });
        size = 0;
        if (current.status !== 200) {
          discard(current);
          throw new TransientFailure('the server could not continue the download');
        }
      }
      try {
        await append(current, partial, size, options, target);
      } finally {
        size = await partial.size();
      }
    }
    if (target.bytes !== undefined && size < target.bytes) {
      throw new TransientFailure(`${options.file} ended after ${size} of ${target.bytes} bytes`);
    }
    if ((target.bytes === undefined || size === target.bytes) && (await matchesEtag(partial.path, target.etag))) {
      return;
    }
    await rm(partial.path, { force: true });
    size = 0;
    if (resumed) {
      resumed = false;
      throw new TransientFailure(`the continued ${options.file} has the wrong checksum`);
    }
    throw new ModelError(
      'MODEL_CHECKSUM_MISMATCH',
      `${options.file} arrived with another length or checksum than the hub states (${target.etag}), and was discarded. Try again; if it repeats, a proxy or mirror alters it.`,
    );
  };
  await retried(`Fetching ${options.file}`, run, {
    wait: client.wait,
    signal: options.signal,
    progress: () => size,
  });
}

/** Bytes that were reported as received are in the file, so that a cut loses none of them. */
async function append(
  response: HubResponse,
  partial: Partial,
  from: number,
  { file, signal, onProgress }: DownloadOptions,
  { bytes }: Target,
): Promise<void> {
  let receivedBytes = from;
  await using sink = await open(partial.path, 'a');
  const chunks = response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  for (;;) {
    const chunk = await nextChunk(chunks, file, signal);
    if (chunk === undefined) {
      return;
    }
    await sink.appendFile(chunk);
    receivedBytes += chunk.length;
    onProgress?.({ file, receivedBytes, ...(bytes === undefined ? {} : { totalBytes: bytes }) });
  }
}

async function nextChunk(
  chunks: AsyncIterator<Buffer, undefined>,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  try {
    return (await chunks.next()).value;
  } catch (error) {
    signal?.throwIfAborted();
    throw new TransientFailure(`${file} was cut: ${String(error)}`, { cause: error });
  }
}

function rangeHeaders(size: number, etag: string | undefined): Record<string, string> {
  if (size === 0) {
    return {};
  }
  return { range: `bytes=${size}-`, ...(etag === undefined ? {} : { 'if-range': etag }) };
}

/** The ETag of the host that sends the bytes, in the form that If-Range takes. */
function strongEtag(response: HubResponse): string | undefined {
  const { etag } = response.headers;
  return etag?.startsWith('"') ? etag : undefined;
}

/** Whether the body goes on exactly where the file ends. */
function continues(response: HubResponse, size: number): boolean {
  if (response.status === 200) {
    return size === 0;
  }
  return response.status === 206 && (response.headers['content-range'] ?? '').startsWith(`bytes ${size}-`);
}

function discard(response: HubResponse): void {
  response.body.on('error', () => undefined).destroy();
}
