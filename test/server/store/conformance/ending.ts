/** How calls end: cancel, retry, remove, purge. */
import {
  begin,
  type Check,
  chunk,
  chunks,
  claim,
  COUNT,
  drain,
  failure,
  finished,
  LEASE_MS,
  names,
  outputs,
  start,
  told,
} from './stage.ts';

const DAY = 24 * 3600 * 1000;

export function ending(check: Check): void {
  check('a cancelled call keeps its outcomes, and gets no more', async (t, store) => {
    const id = await begin(store, 4);
    const [one, two, three] = await claim(store, 3);
    await store.acknowledge([finished(one!)]);
    await store.acknowledge([{ lease: two!, outcomes: [failure(COUNT)], retried: 0, next: 'keep' }]);
    await store.cancel(id);
    const status = await store.status(id);
    t.is(status.state, 'cancelled');
    t.is(typeof status.finished, 'number');
    t.like(status.counts, { pending: 0, running: 0, done: COUNT, failed: 1, cancelled: 3 * COUNT - 1 });
    t.deepEqual(await store.renew([two!, three!], LEASE_MS), ['cancelled', 'cancelled']);
    t.deepEqual(await store.acknowledge([two!, three!].map(finished)), [false, false]);
    t.deepEqual(await claim(store, 9), []);
    await store.cancel(id);
    t.deepEqual(await store.status(id), status);
    const page = await store.outcomes(id, { from: 0, limit: 100 });
    t.deepEqual([told(page), page.next, page.end], [['0+4', '4!'], COUNT + 1, true]);
    t.true((await store.outcomes(id, { from: page.next, limit: 100 })).end);
    t.deepEqual(await store.backlog(), []);
  });

  check(
    'a call that is cancelled while it is open takes no more inputs, and one that is done stays done',
    async (t, store) => {
      const { id } = await store.create(start());
      await store.append(id, [chunk(0)]);
      await store.cancel(id);
      await t.throwsAsync(store.append(id, [chunk(1)]), { code: 'CALL_SEALED' });
      t.is((await store.status(id)).counts.cancelled, COUNT);
      const done = await begin(store, 1);
      await drain(store);
      await store.cancel(done);
      t.is((await store.status(done)).state, 'done');
    },
  );

  check('after a retry the failures are gone, and only those inputs run again', async (t, store) => {
    const id = await begin(store, 3);
    await drain(store, [1, 2, 9]);
    t.like(await store.status(id), { state: 'done' });
    t.is(await store.retry(id), 3);
    const { state, counts, finished: at } = await store.status(id);
    t.is(state, 'sealed');
    t.is(at, undefined);
    t.deepEqual(counts, { inputs: 12, pending: 3, running: 0, done: 9, failed: 0, cancelled: 0, retried: 0 });
    t.deepEqual(told(await store.outcomes(id, { from: 0, limit: 100 })), ['0+1']);
    t.deepEqual((await store.outcomes(id, { from: 0, limit: 100, failed: true })).outcomes, []);
    const leases = await claim(store, 9);
    t.deepEqual(
      leases.map(({ index, settled, losses }) => [index, settled, losses]),
      [
        [0, [0, 1, 3, 1], 0],
        [2, [8, 1, 10, 2], 0],
      ],
    );
    await store.acknowledge([
      { ...finished(leases[0]!), outcomes: [outputs(1, 2)] },
      { ...finished(leases[1]!), outcomes: [failure(9)] },
    ]);
    t.like(await store.status(id), { state: 'done' });
    t.is(await store.retry(id), 1);
    await drain(store);
    t.is((await store.status(id)).counts.done, 12);
    t.is(await store.retry(id), 0);
    t.is((await store.status(id)).state, 'done');
  });

  check('an input that is retried runs as if for the first time', async (t, store) => {
    const id = await begin(store, 1);
    const [lease] = await claim(store, 1);
    const said = { lease: lease!, retried: 0, next: 'keep' as const };
    await store.acknowledge([{ ...said, outcomes: [], failures: [0, 2, 1, 1] }]);
    await store.acknowledge([{ ...said, outcomes: [failure(0), outputs(1, 3)] }]);
    await store.retry(id);
    const [again] = await claim(store, 1);
    t.deepEqual([again!.failures, again!.losses], [[], 0]);
  });

  check('who reads outcomes as they come is told those of a retry too', async (t, store) => {
    const id = await begin(store, 1);
    await drain(store, [2]);
    const { next } = await store.outcomes(id, { after: 0, limit: 100 });
    await store.retry(id);
    await drain(store);
    t.deepEqual(told(await store.outcomes(id, { after: next, limit: 100 })), ['2+1']);
  });

  check('what was said of a chunk before a retry does not count after it', async (t, store) => {
    const id = await begin(store, 1);
    const [old] = await claim(store, 1);
    const said = { ...finished(old!), outcomes: [outputs(0, 3), failure(3)] };
    await store.acknowledge([said]);
    await store.retry(id);
    t.deepEqual(await store.acknowledge([said]), [false]);
    t.is((await store.status(id)).counts.failed, 0);
  });

  check('a retry while the call runs takes nothing from those who run it', async (t, store) => {
    const id = await begin(store, 2);
    const [one, two] = await claim(store, 2);
    await store.acknowledge([
      { lease: one!, outcomes: [failure(0)], retried: 0, next: 'keep' },
      { ...finished(two!), outcomes: [failure(4), outputs(5, 3)] },
    ]);
    t.is(await store.retry(id), 2);
    t.like((await store.status(id)).counts, { pending: 1, running: 4, failed: 0, done: 3 });
    t.deepEqual(await store.acknowledge([{ ...finished(one!), outcomes: [outputs(1, 3)] }]), [true]);
    t.like((await store.status(id)).counts, { pending: 2, running: 0, done: 6 });
    await drain(store);
    t.is((await store.status(id)).state, 'done');
  });

  check(
    'a cancelled call that is retried runs what had no outcome, and its failures, without delay',
    async (t, store) => {
      const id = await begin(store, 4);
      const [one, two, three] = await claim(store, 3);
      await store.acknowledge([{ ...finished(one!), outcomes: [outputs(0, 3), failure(3)] }]);
      await store.acknowledge([{ lease: three!, outcomes: [], retried: 0, next: { release: { afterMs: 5000 } } }]);
      await store.cancel(id);
      t.is(await store.retry(id), 3 * COUNT + 1);
      t.like(await store.status(id), { state: 'sealed' });
      t.like((await store.status(id)).counts, { pending: 3 * COUNT + 1, running: 0, done: 3, failed: 0, cancelled: 0 });
      t.deepEqual(await store.acknowledge([finished(two!)]), [false], 'a lease from before it was cancelled is none');
      const leases = await claim(store, 9);
      t.deepEqual(
        names(leases),
        [0, 1, 2, 3].map((index) => `${id} ${index}`),
      );
      t.deepEqual(
        leases.map(({ losses }) => losses),
        [0, 0, 0, 0],
        'to cancel is no loss',
      );
      await store.acknowledge(
        leases.map((lease) => ({
          ...finished(lease),
          outcomes: lease.index === 0 ? [outputs(3, 1)] : [outputs(lease.first, COUNT)],
        })),
      );
      t.like(await store.status(id), { state: 'done' });
      t.is((await store.status(id)).counts.done, 4 * COUNT);
    },
  );

  check('a call that was cancelled while it was open runs, once retried, what it has', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, chunks(2));
    await store.cancel(id);
    t.is(await store.retry(id), 2 * COUNT);
    await t.throwsAsync(store.append(id, [chunk(2)]), { code: 'CALL_SEALED' });
    await drain(store);
    t.is((await store.status(id)).state, 'done');
  });

  check('a call that is removed is gone with all that it had, for who runs it too', async (t, store) => {
    const id = await begin(store, 300, { key: 'k' });
    const other = await begin(store, 1);
    const [lease] = await claim(store, 1);
    await store.log(id, [{ time: 1, level: 'info', message: 'm', node: 'n' }]);
    await store.acknowledge([finished(lease!)]);
    await store.remove(id);
    await store.remove(id);
    await t.throwsAsync(store.status(id), { code: 'CALL_UNKNOWN' });
    t.deepEqual(
      (await store.list({ limit: 9 })).map((status) => status.id),
      [other],
    );
    t.deepEqual(names(await claim(store, 9)), [`${other} 0`]);
    t.deepEqual(await store.renew([lease!], LEASE_MS), ['cancelled']);
    t.deepEqual(await store.acknowledge([finished(lease!)]), [false]);
    t.true((await store.create(start({ key: 'k' }))).created, 'and its key is free');
    t.true((await store.create(start({ id }))).created, 'as is its id');
    t.is((await store.status(id)).counts.inputs, 0);
    t.deepEqual((await store.outcomes(id, { after: 0, limit: 9 })).outcomes, []);
    t.deepEqual((await store.logs(id, { limit: 9 })).lines, []);
  });

  check(
    'calls are removed so long after they finished, and open ones after nothing came for as long',
    async (t, store, stage) => {
      const done = await begin(store, 1);
      await drain(store);
      const cancelled = await begin(store, 1);
      await store.cancel(cancelled);
      const { id: left } = await store.create(start());
      const { id: fed } = await store.create(start());
      const running = await begin(store, 1);
      await stage.advance(6 * DAY);
      await store.append(fed, [chunk(0)]);
      t.is(await store.purge(7 * DAY), 0);
      await stage.advance(DAY + 1000);
      const late = await begin(store, 0);
      t.is(await store.purge(7 * DAY), 3);
      const kept = (await store.list({ limit: 9 })).map(({ id }) => id);
      t.deepEqual(kept.toSorted(), [fed, running, late].toSorted());
      t.false([done, cancelled, left].some((id) => kept.includes(id)));
      t.is(await store.purge(7 * DAY), 0);
    },
  );
}
