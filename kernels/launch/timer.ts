import { Usage } from '../buffers/create.ts';
import type { Launcher, Step } from '../contract.ts';

export interface TimerOptions {
  /** Default: the device's, where it keeps time. */
  readonly clock?: 'host';
  /** Milliseconds, monotonic: the host's clock. Default: `performance.now`. */
  readonly now?: () => number;
}

/** How long steps take on a device. One run at a time. */
export interface Timer extends Disposable {
  /** `device`: from the first step to the last, as the device tells; `host`: from submission until the end is known. */
  readonly clock: 'device' | 'host';
  /** Runs the steps; milliseconds. */
  time(steps: readonly Step[]): Promise<number>;
}

/** By timestamps of the device where it has the feature, else by a clock of the host. */
export function openTimer(launcher: Launcher, { clock, now = () => performance.now() }: TimerOptions = {}): Timer {
  if (clock === 'host' || !launcher.device.features.has('timestamp-query')) return hostTimer(launcher, now);
  const { device } = launcher;
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: Usage.queryResolve | Usage.copySource });
  return {
    clock: 'device',
    async time(steps) {
      await launcher.submit(steps, [], { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 });
      const encoder = device.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      device.queue.submit([encoder.finish()]);
      const [bytes] = await launcher.submit([], [{ buffer: resolved, offset: 0, size: 16 }]);
      const [begin = 0n, end = 0n] = new BigUint64Array(bytes ?? new ArrayBuffer(0));
      return Number(end - begin) / 1e6;
    },
    [Symbol.dispose]() {
      querySet.destroy();
      resolved.destroy();
    },
  };
}

function hostTimer(launcher: Launcher, now: () => number): Timer {
  return {
    clock: 'host',
    async time(steps) {
      const start = now();
      await launcher.submit(steps);
      return now() - start;
    },
    [Symbol.dispose]: () => {},
  };
}
