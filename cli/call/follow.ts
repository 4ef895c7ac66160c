import { setTimeout as sleep } from 'node:timers/promises';
import type { CallStatus } from '../../shard/call/contract.ts';
import type { MapProgress } from '../../sdk/contract.ts';
import type { FunctionCall } from '../../sdk/call/function-call.ts';
import { terminalDisplay } from '../../sdk/progress/terminal.ts';

export interface FollowOptions {
  /** Show it on standard error: a bar on a terminal, and else a line every five seconds. Default: `false`. */
  readonly progress?: boolean;
  /** Told of each status that differs from the one before. */
  readonly onChange?: (status: CallStatus) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Milliseconds between two questions. */
const INTERVAL = 500;

/** Watches a call until it is done or cancelled, and resolves to its last status. */
export async function follow(
  call: FunctionCall<unknown, unknown>,
  { progress = false, onChange, signal }: FollowOptions,
): Promise<CallStatus> {
  const display = progress ? terminalDisplay(process.stderr) : undefined;
  let told = '';
  let next = 0;
  for (;;) {
    const status = await call.status();
    const ended = status.state === 'done' || status.state === 'cancelled';
    const text = JSON.stringify(status);
    if (text !== told) await onChange?.(status);
    told = text;
    if (ended) display?.finish(progressOf(status));
    else if (display && performance.now() >= next) {
      display.update(progressOf(status));
      next = performance.now() + display.interval;
    }
    if (ended) return status;
    await sleep(INTERVAL, undefined, { signal });
  }
}

function progressOf({ state, counts, rate, etaSeconds }: CallStatus): MapProgress {
  const { done, failed, retried, inputs } = counts;
  return {
    done,
    failed,
    retried,
    resent: 0,
    hedged: 0,
    rate,
    nodes: [],
    ...(state !== 'open' && { total: inputs }),
    ...(etaSeconds !== undefined && { etaSeconds }),
  };
}
