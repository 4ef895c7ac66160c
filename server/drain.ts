import { ServerError } from './errors.ts';
import type { Node } from './node.ts';

/**
 * Lets running batches and chunks finish for a while, then stops them; chunks are given back to the store. Resolves to how
 * many had to be stopped.
 */
export async function drain(node: Node, milliseconds: number): Promise<number> {
  const { state, admission, calls, durable, clock, log } = node;
  state.startDraining();
  log.info({ batches: admission.batches, chunks: durable.leased, milliseconds }, 'draining');
  const late = Promise.withResolvers<boolean>();
  using _ = clock.after(milliseconds, () => late.resolve(true));
  const finished = Promise.all([admission.idle(), durable.finish()]);
  if (!(await Promise.race([finished.then(() => false), late.promise]))) return 0;
  const left = admission.batches + durable.leased;
  calls.abortAll(new ServerError('NODE_DRAINING', 'This node shut down before the batch was done'));
  await durable[Symbol.asyncDispose]();
  log.warn({ batches: left }, 'stopped what did not finish in time');
  return left;
}
