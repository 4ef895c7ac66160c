import { ServerError } from './errors.ts';
import type { Node } from './node.ts';

/** Lets running batches finish for a while, then stops them. Resolves to how many had to be stopped. */
export async function drain(node: Node, milliseconds: number): Promise<number> {
  const { state, admission, calls, clock, log } = node;
  state.startDraining();
  log.info({ batches: admission.batches, milliseconds }, 'draining');
  const late = Promise.withResolvers<boolean>();
  using _ = clock.after(milliseconds, () => late.resolve(true));
  if (!(await Promise.race([admission.idle().then(() => false), late.promise]))) return 0;
  const left = admission.batches;
  calls.abortAll(new ServerError('NODE_DRAINING', 'This node shut down before the batch was done'));
  log.warn({ batches: left }, 'stopped batches that did not finish in time');
  return left;
}
