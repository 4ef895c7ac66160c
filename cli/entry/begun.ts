import type { CallStatus } from '../../shard/call/contract.ts';
import type { Connection } from '../../sdk/connection.ts';
import { follow } from '../call/follow.ts';

/** The calls that a run has begun. */
export class Begun {
  readonly ids: string[] = [];

  /** For `connect`. */
  readonly note = (id: string): void => {
    if (!this.ids.includes(id)) this.ids.push(id);
  };

  /** Waits for their ends, with progress. Resolves to whether all outputs came. */
  async wait(warp: Connection, signal: AbortSignal): Promise<boolean> {
    let good = true;
    for (const id of this.ids) {
      const last = await follow(warp.call(id), { progress: true, signal });
      if (last.state === 'done' && last.counts.failed === 0) continue;
      good = false;
      process.stderr.write(`${told(last)}\n`);
    }
    return good;
  }

  /** Cancels those that have not ended; of these only those that are being uploaded, if they shall go on otherwise. */
  async cancel(warp: Connection, { uploads = false }: { readonly uploads?: boolean } = {}): Promise<void> {
    await Promise.allSettled(
      this.ids.map(async (id) => {
        const call = warp.call(id);
        if (!uploads || (await call.status()).state === 'open') await call.cancel();
      }),
    );
  }
}

function told({ id, function: name, state, counts }: CallStatus): string {
  if (state === 'cancelled') return `call ${id} (${name}) was cancelled`;
  const failed = counts.failed.toLocaleString('en');
  return `call ${id} (${name}): ${failed} inputs failed; see \`warpmap call results --failed ${id}\``;
}
