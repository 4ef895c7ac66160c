import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchError, InputError, ShardError } from '../../shard/errors.ts';
import { resolveRetries } from '../../shard/options.ts';
import { FUNCTION_RETRIES, LANE_RETRIES, retryDelay, type RetryPolicy, UNREADY_RETRIES } from '../../shard/retry.ts';
import type { RemoteError } from '../../shard/wire/message.ts';
import type { Node, Nodes } from '../node.ts';
import { requireOpen } from '../remote-function.ts';
import { GeneratorFailed, StreamRun } from './stream-run.ts';

/** Items that a generator may be ahead of its consumer. */
const AHEAD = 16;

/** How many generators were run over a connection: each begins on the next node. */
const turns = new WeakMap<Nodes, number>();

export interface RemoteGenOptions {
  /** As nodes know the function: `app/function`. */
  readonly name: string;
  /** Those of the node's function. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly retries: Partial<RetryPolicy>;
  readonly signal: AbortSignal | undefined;
}

/**
 * What a generator function yields for one input, on one of the nodes, as it yields it. Until the first item it is run
 * again as a map's input is; after that, what is lost is lost: `STREAM_LOST`.
 */
export async function* remoteGen<Y>(
  nodes: Nodes,
  input: unknown,
  { name, options, retries, signal }: RemoteGenOptions,
): AsyncGenerator<Y, void, undefined> {
  requireOpen(nodes);
  const policy = resolveRetries('retries', retries, FUNCTION_RETRIES);
  const left = new AbortController();
  const ended = AbortSignal.any([left.signal, nodes.closed, ...(signal ? [signal] : [])]);
  const call = { function: name, id: randomUUID(), options };
  let at = turns.get(nodes) ?? 0;
  turns.set(nodes, at + 1);
  let failures = 0;
  let losses = 0;
  /** Times in a row that a node could not make ready what runs it. */
  let unready = 0;
  /** Nodes that can't run it, and why. */
  const unfit = new Map<Node, Error>();
  try {
    for (let batch = 0; ; batch++) {
      const fit = nodes.nodes.filter((each) => !unfit.has(each));
      const node = fit[at % fit.length];
      if (!node) throw unfit.values().next().value ?? deserted(name);
      const run = new StreamRun<Y>(node, { call, batch, failures, input, ahead: AHEAD }, ended);
      try {
        return yield* run.items();
      } catch (error) {
        ended.throwIfAborted();
        const remote = remoteErrorOf(error);
        if (remote) {
          const again = !run.begun && remote.code !== 'INPUT_INVALID' && failures < policy.maxRetries;
          failures++;
          if (!again) throw new InputError({ index: 0, input, attempts: failures, losses, node: node.url, remote });
          await sleep(retryDelay(policy, failures, Math.random), undefined, { signal: ended });
          continue;
        }
        if (!(error instanceof ShardError) || !LOST.has(error.code)) throw error;
        if (run.begun) throw lost(name, error);
        if (error.unfit) {
          unfit.set(node, error.unfit);
          continue;
        }
        at++;
        unready = error.unready ? unready + 1 : 0;
        if (++losses > LANE_RETRIES.maxRetries || unready > UNREADY_RETRIES * fit.length)
          throw exhausted(name, losses, error);
        const delay = Math.max(error.retryAfter ?? 0, retryDelay(LANE_RETRIES, losses, Math.random));
        await sleep(delay, undefined, { signal: ended });
      }
    }
  } catch (error) {
    ended.throwIfAborted();
    throw error;
  } finally {
    left.abort();
  }
}

const LOST: ReadonlySet<string> = new Set(['LANE_LOST', 'LANE_BUSY', 'LANE_FAULTY', 'FRAME_INVALID', 'STREAM_LOST']);

function remoteErrorOf(error: unknown): RemoteError | undefined {
  return error instanceof GeneratorFailed || error instanceof BatchError ? error.remote : undefined;
}

function lost(name: string, cause: ShardError): ShardError {
  const message = `${name} was cut off after it had yielded, so it is not run again: ${cause.message}`;
  return new ShardError('STREAM_LOST', message, { cause });
}

function deserted(name: string): ShardError {
  return new ShardError('LANES_EXHAUSTED', `${name} has no node to run on; all have left the connection`);
}

function exhausted(name: string, times: number, cause: ShardError): ShardError {
  const message = `${name} was sent ${times} times, but no node began it: ${cause.message}`;
  return new ShardError('LANES_EXHAUSTED', message, { cause });
}
