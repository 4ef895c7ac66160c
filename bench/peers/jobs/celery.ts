/** Celery on Redis that writes each command to disk before it answers: one worker of two processes. */
import type { JobsRun, JobsSubject } from '../../jobs/peer.ts';
import { startPython } from '../python.ts';
import { startRedis } from '../redis.ts';

/** Throws `PeerMissing` where `npm run bench:peers:python` has not been run, or where there is no Redis. */
export async function openCelery(): Promise<JobsSubject[]> {
  await using stack = new AsyncDisposableStack();
  const { address } = stack.use(await startRedis('always'));
  const python = stack.use(await startPython('celery_peer.py', 'Celery', [address]));

  const begin = async (count: number, size: number): Promise<JobsRun> => {
    const ask = async (way: string): Promise<void> => {
      await python.ask({ way, function: 'echo', count, size });
    };
    return {
      submit: () => ask('submit'),
      drain: () => ask('drain'),
      check: () => ask('check'),
      forget: () => ask('forget'),
    };
  };
  const owned = stack.move();
  const name = `Celery ${python.name} on Redis, fsync always`;
  return [
    { name: `${name}, a task for each`, perJob: 1, inputs: 8000 },
    { name: `${name}, chunks of 1,024`, perJob: 1024, inputs: 500_000 },
  ].map((subject, at) => ({
    ...subject,
    peer: true,
    byHand: subject.perJob > 1,
    begin: (inputs) => begin(inputs, subject.perJob),
    [Symbol.asyncDispose]: async () => (at === 0 ? owned.disposeAsync() : undefined),
  }));
}
