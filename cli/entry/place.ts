import { randomBytes } from 'node:crypto';
import { connect } from '../../sdk/connect.ts';
import type { Connection } from '../../sdk/connection.ts';
import { Apps } from '../../sdk/deploy/apps.ts';
import { type NodeFlags, nodesOf } from '../commands/nodes.ts';
import type { Entry } from './load.ts';

/** Where a run takes place: nodes that have its app. Disposing it ends the run there. */
export interface Place extends AsyncDisposable {
  readonly warp: Connection;
}

type OnCall = (id: string) => void;

/** Milliseconds between two signs of life of a run; nodes wait for a minute. */
const SIGN_OF_LIFE = 15_000;

/** A server of this run alone, on this machine. */
export async function localPlace({ path }: Entry, onCall: OnCall): Promise<Place> {
  const warp = await connect({ app: path, onCall });
  return { warp, [Symbol.asyncDispose]: () => warp[Symbol.asyncDispose]() };
}

/**
 * Nodes that are given the app for this run. It is theirs until the run has ended, or has given no sign of life for a
 * minute, and its last call is finished.
 */
export async function deployedPlace({ path, app }: Entry, flags: NodeFlags, onCall: OnCall): Promise<Place> {
  const where = await nodesOf(flags);
  await using owned = new AsyncDisposableStack();
  const apps = owned.use(await Apps.open(where));
  const deployed = await apps.deploy(path, { run: randomBytes(4).toString('hex') });
  owned.defer(async () => apps.endRun(deployed.app));
  // One that is missed is made up for by the next; if all are, the nodes end the run.
  const timer = setInterval(() => void apps.renewRun(deployed.app).catch(() => {}), SIGN_OF_LIFE);
  owned.defer(() => clearInterval(timer));
  const warp = owned.use(await connect({ ...where, apps: { [app]: deployed.app }, onCall }));
  const rest = owned.move();
  return { warp, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}
