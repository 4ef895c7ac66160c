import type { Channel } from './channel.ts';

const INTERVAL_MS = 250;
/** Bytes of change that are worth telling. */
const STEP = 4 * 2 ** 20;

/** Tells the node, between runs, what this process takes of the machine's memory. */
export function tellMemory(channel: Channel): void {
  let told = 0;
  setInterval(() => {
    const bytes = process.memoryUsage.rss();
    if (Math.abs(bytes - told) < STEP) return;
    told = bytes;
    channel.send({ type: 'memory', bytes });
  }, INTERVAL_MS).unref();
}
