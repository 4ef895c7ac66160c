import type { ExecutionContext } from 'ava';
import type { FunctionCall } from '../../../sdk/call/function-call.ts';
import { range } from '../../../shard/iterables.ts';

/** The call has one output for each of 0 to `count` − 1, the double of it, and tells so. */
export async function allDoubled(
  t: ExecutionContext,
  call: FunctionCall<number, unknown>,
  count: number,
): Promise<void> {
  t.deepEqual(
    await Array.fromAsync(call.iterate()),
    [...range(count)].map((value) => value * 2),
  );
  await counted(t, call, { done: count });
}

/** What it says of its inputs, of which none is left. */
export async function counted(
  t: ExecutionContext,
  call: FunctionCall<number, unknown>,
  { done = 0, failed = 0, cancelled = 0 },
): Promise<void> {
  const { counts } = await call.status();
  const inputs = done + failed + cancelled;
  t.like(counts, { inputs, pending: 0, running: 0, done, failed, cancelled });
}
