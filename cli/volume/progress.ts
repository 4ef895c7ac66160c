import { terminalDisplay } from '../../sdk/progress/terminal.ts';

/** Bytes that go by, shown on a terminal. */
export interface Transferred extends Disposable {
  through(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

const SHOWN_MS = 100;

export function counting(total: number | undefined): Transferred {
  const display = process.stderr.isTTY
    ? terminalDisplay(process.stderr, ({ done }) => megabytes(done, total))
    : undefined;
  let [done, shown] = [0, 0];
  const progress = () => ({
    done,
    failed: 0,
    retried: 0,
    resent: 0,
    hedged: 0,
    rate: 0,
    nodes: [],
    ...(total !== undefined && { total }),
  });
  return {
    async *through(bytes) {
      for await (const part of bytes) {
        done += part.length;
        if (display && performance.now() - shown > SHOWN_MS) {
          shown = performance.now();
          display.update(progress());
        }
        yield part;
      }
    },
    [Symbol.dispose]() {
      display?.finish(progress());
    },
  };
}

function megabytes(done: number, total: number | undefined): string {
  const told = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  return total === undefined ? `${told(done)} MiB` : `${told(done)} of ${told(total)} MiB`;
}
