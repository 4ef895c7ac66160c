import { openBullMq } from '../peers/bullmq.ts';
import { openPiscina } from '../peers/piscina.ts';
import { openPool, openRay } from '../peers/python.ts';
import { openJson } from './json-peer.ts';
import { type MapPeer, PeerMissing } from './peer.ts';

/** How each group of peers is opened. A group shares its processes. */
export const groups: Readonly<Record<string, () => Promise<MapPeer[]>>> = {
  json: async () => [await openJson()],
  piscina: async () => [await openPiscina()],
  bullmq: async () => [await openBullMq()],
  multiprocessing: openPool,
  ray: openRay,
};

export interface OpenPeer {
  readonly group: string;
  readonly peer: MapPeer;
}

export interface OpenPeers extends AsyncDisposable {
  readonly peers: readonly OpenPeer[];
}

/** Opens the peers that are installed, and names each that isn't. */
export async function openPeers(skipped: (reason: PeerMissing) => void): Promise<OpenPeers> {
  await using stack = new AsyncDisposableStack();
  const peers: OpenPeer[] = [];
  for (const [group, open] of Object.entries(groups)) {
    try {
      for (const peer of await open()) peers.push({ group, peer: stack.use(peer) });
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      skipped(error);
    }
  }
  const owned = stack.move();
  return { peers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
