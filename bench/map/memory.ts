import type { Environment, Result } from '../harness/contract.ts';
import { resultOf } from '../harness/results.ts';
import { startFlagged, startProcess } from './process.ts';
import type { TunedPeer } from './tune.ts';

/** What a program that must stay small says: V8's own choice grows with the memory of the machine. */
const SMALL = '--max-semi-space-size=16';

export interface MemoryOptions {
  /** URL of the node. */
  readonly node: string;
  readonly environment: Environment;
}

/** Peak memory of the process that gives integers and takes them back: a fresh one for each of us. */
export async function clientMemory(
  count: number,
  { node, environment }: MemoryOptions,
  tuned: readonly TunedPeer[] = [],
): Promise<Result[]> {
  const question = `peak memory of a client that maps ${count} integers`;
  const inputs = String(count);
  const clients = [
    { subject: 'warpmap, a function of an app', start: () => startProcess('memoryMain.ts', node, inputs) },
    { subject: `warpmap, node ${SMALL}`, start: () => startFlagged([SMALL], 'memoryMain.ts', node, inputs) },
    ...tuned.map(({ name, group, peer, size }) => ({
      subject: name,
      start: () => startProcess('peerMemoryMain.ts', group, peer.name, inputs, String(size)),
    })),
  ];
  const results: Result[] = [];
  for (const { subject, start } of clients) {
    await using client = await start();
    results.push(resultOf({ question, subject, value: Number(client.line), unit: 'MiB' }, environment));
  }
  return results;
}
