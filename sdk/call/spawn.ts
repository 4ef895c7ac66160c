import { randomUUID } from 'node:crypto';
import { type CallStart, MAX_CHUNK_INPUTS } from '../../shard/call/contract.ts';
import type { Inputs } from '../../shard/contract.ts';
import { requireIterable } from '../../shard/iterables.ts';
import { requireBoolean, requireKnown, requireNumber, resolveRetries } from '../../shard/options.ts';
import { FUNCTION_RETRIES, type RetryPolicy } from '../../shard/retry.ts';
import { countOf } from '../remote-function.ts';
import { requireKey } from '../resume.ts';
import type { CallNodes } from './ask.ts';
import { FunctionCall } from './function-call.ts';
import { type SpawnProgress, UploadReport } from './progress.ts';
import { upload } from './upload.ts';

/** How to upload the inputs of a call; docs/calls.md. */
export interface SpawnMapOptions {
  /**
   * Under which the call is begun but once: 1 to 128 characters. Who spawns with it again finds the same call, and goes
   * on with its upload if that was cut off. Default: none.
   */
  readonly key?: string;
  /** For inputs on which the function fails. Default: those of the function. */
  readonly retries?: Partial<RetryPolicy>;
  /** Inputs at most that are stored, leased and run together. A whole number from 1 to 1,024; default 1024. */
  readonly chunkSize?: number;
  /** Ends the upload with the signal's reason, and cancels the call. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second while inputs are uploaded, and once at the end. */
  readonly onProgress?: (progress: SpawnProgress) => void;
  /** Show the upload on standard error: a bar on a terminal, and else a line every five seconds. Default: `false`. */
  readonly progress?: boolean;
  /** Number of inputs, for progress, where the inputs themselves don't tell. A whole number of 0 or more. */
  readonly total?: number;
}

const NAMES: ReadonlySet<string> = new Set<keyof SpawnMapOptions>([
  'key',
  'retries',
  'chunkSize',
  'signal',
  'onProgress',
  'progress',
  'total',
]);

/** What is begun. */
export interface Spawned extends Pick<CallStart, 'function' | 'version' | 'options'> {
  readonly single: boolean;
  readonly inputs: Inputs<unknown>;
}

/** How often a node may be lost, or be without its store, before the caller is told: nothing is under way yet. */
const BEGIN_LOSSES = 4;
/** Milliseconds that the cancellation of what failed may take. */
const CANCEL_TIMEOUT = 5_000;

/** Begins a call, and resolves once all its inputs are durable. */
export async function spawnOn<O, R>(
  nodes: CallNodes,
  { single, inputs, ...bound }: Spawned,
  options: SpawnMapOptions,
): Promise<FunctionCall<O, R>> {
  requireKnown(options, NAMES, single ? 'spawn' : 'spawnMap');
  requireIterable(inputs, 'inputs');
  const { key, retries, chunkSize, signal, onProgress, progress, total = countOf(inputs) } = options;
  if (key !== undefined) requireKey(key);
  if (retries !== undefined) resolveRetries('retries', retries, FUNCTION_RETRIES);
  if (chunkSize !== undefined) requireNumber('chunkSize', chunkSize, { from: 1, to: MAX_CHUNK_INPUTS, whole: true });
  if (progress !== undefined) requireBoolean('progress', progress);
  if (options.total !== undefined) requireNumber('total', options.total, { from: 0, whole: true });
  await nodes.require(signal);
  const start = {
    ...bound,
    id: randomUUID(),
    ...(single && { single }),
    ...(retries !== undefined && { retries }),
    ...(key !== undefined && { key }),
  };
  const { id, created } = await nodes.ask((calls, either) => calls.begin(start, { signal: either }), {
    signal,
    maxLosses: BEGIN_LOSSES,
  });
  const call = new FunctionCall<O, R>(nodes, id, single);
  nodes.onBegin?.(id);
  // Whoever began it may have been cut off amid its inputs; what is there already is not stored again.
  if (!created && (await call.status()).state !== 'open') return call;
  const report = new UploadReport({ total, progress, onProgress });
  try {
    const whole = await upload(inputs, {
      chunkSize,
      repeatable: key !== undefined,
      send: (chunks, either) =>
        nodes.ask((calls, asked) => calls.append(id, chunks, { signal: asked }), { signal: either }),
      onUploaded: report.count,
      signal: signal ? AbortSignal.any([signal, nodes.closed]) : nodes.closed,
    });
    await nodes.ask((calls, either) => calls.seal(id, whole, { signal: either }), { signal });
  } catch (error) {
    // One that has a key stays as it is, so that it can be gone on with.
    if (key === undefined || signal?.aborted) await cancelQuietly(nodes, id);
    throw error;
  } finally {
    report.finish();
  }
  return call;
}

/** A node that can't be told forgets an upload that nobody goes on with. */
async function cancelQuietly(nodes: CallNodes, id: string): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT);
  await nodes.ask((calls, either) => calls.cancel(id, { signal: either }), { signal }).catch(() => {});
}
