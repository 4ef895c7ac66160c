export interface Stop extends Disposable {
  /** Resolves to why the process should stop: a signal, or that its parent is gone. */
  readonly asked: Promise<string>;
  /** Resolves once the parent is gone: nobody is left to take an answer. */
  readonly orphaned: Promise<void>;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Listens for the reasons to stop. The first is for a graceful end; the second ends the process at once. */
export function listenForStop({ withParent }: { readonly withParent: boolean }): Stop {
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  const { promise: orphaned, resolve: orphan } = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (++signals > 1) process.exit(1);
    resolve(signal);
  };
  const onEnd = (): void => {
    orphan();
    resolve('the parent is gone');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (withParent) {
    process.stdin.once('end', onEnd).once('close', onEnd).once('error', onEnd);
    // Unread bytes would hide the end behind them.
    process.stdin.resume();
  }
  return {
    asked,
    orphaned,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      // What ends it is no reason to stop any more.
      if (withParent) process.stdin.off('end', onEnd).off('close', onEnd).off('error', onEnd).destroy();
    },
  };
}
