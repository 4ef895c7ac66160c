import { setImmediate as breathe } from 'node:timers/promises';
import { systemClock } from '../../shard/clock.ts';
import { type CallChunk, MAX_CHUNK_INPUTS } from '../../shard/call/contract.ts';
import type { Clock, Inputs } from '../../shard/contract.ts';
import { Source } from '../../shard/source.ts';
import { chunkOf } from './chunk.ts';
import { Flights } from './flights.ts';

/** Inputs of the first chunk, so that nodes begin soon; each has twice as many as the one before. */
const FIRST_SIZE = 32;
/** Bytes of a chunk, about. One input may be larger. */
const CHUNK_BYTES = 2 ** 20;
/** A request is full with so many. */
const REQUEST_BYTES = 2 ** 20;
const REQUEST_CHUNKS = 128;
/** Milliseconds after which inputs of a slow source leave, though their chunk is not full. */
const LINGER = 250;
/** As long as a timer can wait. */
const NEVER = 2 ** 31 - 1;

export interface UploadOptions {
  /** Inputs of a chunk at most. Default: 1,024. */
  readonly chunkSize?: number | undefined;
  /**
   * Whether the same inputs are cut into the same chunks each time, however slowly they come: then none leave before
   * their chunk is full.
   */
  readonly repeatable: boolean;
  /** Resolves when the chunks are durable. */
  readonly send: (chunks: readonly CallChunk[], signal: AbortSignal) => Promise<void>;
  /** Told after each change how many inputs are durable. */
  readonly onUploaded?: ((inputs: number) => void) | undefined;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** What a call consists of once it is whole. */
export interface Uploaded {
  readonly chunks: number;
  readonly inputs: number;
}

/**
 * Uploads inputs in chunks, and resolves once all are durable. Several requests are on their way at once, and inputs are
 * read no faster than these arrive, so memory is bounded. Closes the source, and throws what it throws, what a request
 * fails with, and the signal's reason.
 */
export async function upload(inputs: Inputs<unknown>, options: UploadOptions): Promise<Uploaded> {
  const { chunkSize = MAX_CHUNK_INPUTS, repeatable, send, onUploaded = () => {}, clock = systemClock } = options;
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  let wake = (): void => {};
  const source = new Source(inputs, {
    clock,
    linger: repeatable ? NEVER : LINGER,
    onReady: () => wake(),
    onError: (error) => failing.abort(error),
  });
  const flights = new Flights(signal, {
    onError: (error) => failing.abort(error),
    onLanded: () => wake(),
  });
  let uploaded = 0;
  let whole: Uploaded = { chunks: 0, inputs: 0 };
  let request: CallChunk[] = [];
  let bytes = 0;

  const ship = async (): Promise<void> => {
    const [chunks, size] = [request, bytes];
    [request, bytes] = [[], 0];
    await flights.add(size, async () => {
      await send(chunks, signal);
      uploaded += chunks.reduce((sum, { count }) => sum + count, 0);
      onUploaded(uploaded);
    });
    // A source that never waits would keep what was sent from leaving.
    await breathe();
  };

  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const ready = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const taken = source.take(Math.min(FIRST_SIZE * 2 ** Math.min(whole.chunks, 10), chunkSize), CHUNK_BYTES);
      signal.throwIfAborted();
      if (taken.length === 0) {
        if (request.length > 0 && (source.exhausted || flights.room)) await ship();
        else if (source.exhausted) break;
        else await ready;
        continue;
      }
      const chunk = chunkOf(taken, { index: whole.chunks, first: whole.inputs });
      whole = { chunks: whole.chunks + 1, inputs: whole.inputs + taken.length };
      request.push(chunk);
      bytes += chunk.block.length;
      if (bytes >= REQUEST_BYTES || request.length === REQUEST_CHUNKS || flights.idle) await ship();
    }
    await flights.landed();
    return whole;
  } catch (error) {
    // What is on its way is not wanted either.
    failing.abort(error);
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await Promise.allSettled([flights.settled(), source.close()]);
  }
}
