import { RemoteStore } from '../../../../server/store/remote/remote.ts';
import type { Stage } from '../conformance.ts';
import { startOwner } from './owner.ts';

/** The same store, reached through the node that owns it. */
export async function remoteStage(owned: Stage): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  stack.use(owned);
  const { url, token } = stack.use(await startOwner(await owned.open()));
  return {
    open: async () => stack.use(await RemoteStore.open({ url, token })),
    advance: (milliseconds) => owned.advance(milliseconds),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
