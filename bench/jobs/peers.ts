import { openBullMq } from '../peers/jobs/bullmq.ts';
import { openCelery } from '../peers/jobs/celery.ts';
import { openPgBoss } from '../peers/jobs/pg-boss.ts';
import { PeerMissing } from '../map/peer.ts';
import type { JobsSubject } from './peer.ts';
import type { Database } from './postgres.ts';

/** Opens the peers that are installed, and names each that isn't. */
export async function openPeers(
  database: (() => Promise<Database>) | undefined,
  { stack, skipped }: { readonly stack: AsyncDisposableStack; readonly skipped: (reason: PeerMissing) => void },
): Promise<JobsSubject[]> {
  const opening = [openBullMq, ...(database ? [async () => openPgBoss(await database())] : []), openCelery];
  const peers: JobsSubject[] = [];
  for (const open of opening) {
    try {
      for (const peer of await open()) peers.push(stack.use(peer));
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      skipped(error);
    }
  }
  return peers;
}
