/** How calls begin: create, append, seal, list. */
import { randomUUID } from 'node:crypto';
import { begin, block, type Check, chunk, chunks, claim, COUNT, drain, finished, start } from './stage.ts';

export function beginning(check: Check): void {
  check('a store has an id, which all who open it are told', async (t, store, stage) => {
    t.true(store.id.length > 0);
    const other = await stage.open();
    t.is(other.id, store.id);
  });

  check('a call that begins is open and empty, and tells what it is', async (t, store) => {
    const given = start({ version: 3, key: 'nightly', single: true });
    t.deepEqual(await store.create(given), { id: given.id, created: true });
    const { created, ...status } = await store.status(given.id);
    t.true(Number.isInteger(created));
    const counts = { inputs: 0, pending: 0, running: 0, done: 0, failed: 0, cancelled: 0, retried: 0 };
    t.deepEqual(status, {
      id: given.id,
      function: given.function,
      version: 3,
      key: 'nightly',
      single: true,
      state: 'open',
      counts,
    });
    const { id } = await store.create(start());
    const plain = await store.status(id);
    t.false(plain.single);
    t.false('key' in plain || 'version' in plain || 'finished' in plain);
  });

  check('a call that begins twice, by its id or its key, begins once', async (t, store) => {
    const first = start({ key: 'k' });
    await store.create(first);
    await store.append(first.id, [chunk(0)]);
    t.deepEqual(await store.create(first), { id: first.id, created: false });
    t.deepEqual(await store.create(start({ key: 'k' })), { id: first.id, created: false });
    t.is((await store.status(first.id)).counts.inputs, COUNT, 'and keeps what it has');
    t.true((await store.create(start({ key: 'other' }))).created);
    t.is((await store.list({ limit: 10 })).length, 2);
  });

  check(
    'an id or key of another function or version is a conflict; without a version any is meant',
    async (t, store) => {
      const first = start({ key: 'k', version: 1 });
      await store.create(first);
      for (const other of [
        { ...first, function: 'app/g' },
        { ...first, version: 2 },
        { ...first, id: randomUUID(), function: 'app/g' },
        { ...first, id: randomUUID(), version: 2 },
      ]) {
        await t.throwsAsync(store.create(other), { code: 'CALL_CONFLICT' });
      }
      const { version: _, ...unversioned } = first;
      t.false((await store.create(unversioned)).created);
      const second = start();
      await store.create(second);
      await t.throwsAsync(store.create({ ...second, version: 1 }), { code: 'CALL_CONFLICT' });
      t.is((await store.list({ limit: 10 })).length, 2);
    },
  );

  check('many who begin a call with one key at the same time begin one', async (t, store, stage) => {
    const other = await stage.open();
    const begun = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? store : other).create(start({ key: 'same' }))),
    );
    t.is(begun.filter(({ created }) => created).length, 1);
    t.is(new Set(begun.map(({ id }) => id)).size, 1);
  });

  check('chunks that come again, in any order and together with new ones, are there once', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, [chunk(2), chunk(0)]);
    await store.append(id, [chunk(0), chunk(1), chunk(1), chunk(2)]);
    await store.append(id, []);
    t.is((await store.status(id)).counts.inputs, 3 * COUNT);
    t.is((await store.status(id)).counts.pending, 3 * COUNT);
    await store.append(id, [{ ...chunk(1), block: block(99, COUNT) }]);
    await store.seal(id, { chunks: 3, inputs: 3 * COUNT });
    const leases = await claim(store, 10);
    t.deepEqual(
      leases.map(({ index, first, count, block: bytes }) => ({ index, first, count, block: Buffer.from(bytes) })),
      chunks(3).map((each) => ({ ...each, block: Buffer.from(each.block) })),
      'and the first that came counts',
    );
  });

  check('what is appended can be leased before the call is sealed', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, [chunk(0)]);
    const [lease] = await claim(store, 10);
    await store.acknowledge([finished(lease!)]);
    t.is((await store.status(id)).state, 'open');
    await store.append(id, [chunk(1)]);
    await store.seal(id, { chunks: 2, inputs: 2 * COUNT });
    t.is((await store.status(id)).state, 'sealed');
    await drain(store);
    const { state, finished: at } = await store.status(id);
    t.is(state, 'done');
    t.is(typeof at, 'number');
  });

  check('a call that is sealed twice is sealed once, and takes no new chunk', async (t, store) => {
    const id = await begin(store, 2);
    await store.seal(id, { chunks: 2, inputs: 2 * COUNT });
    await store.append(id, chunks(2));
    await t.throwsAsync(store.append(id, [chunk(1), chunk(2)]), { code: 'CALL_SEALED' });
    t.is((await store.status(id)).counts.inputs, 2 * COUNT);
    await drain(store);
    await t.throwsAsync(store.append(id, [chunk(2)]), { code: 'CALL_SEALED' });
    await store.seal(id, { chunks: 2, inputs: 2 * COUNT });
    t.is((await store.status(id)).state, 'done');
  });

  check('a call is not sealed unless exactly the chunks are there that were announced', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, [chunk(0), chunk(2)]);
    for (const whole of [
      { chunks: 3, inputs: 3 * COUNT },
      { chunks: 1, inputs: COUNT },
      { chunks: 2, inputs: 3 * COUNT },
      { chunks: 2, inputs: 2 * COUNT },
    ]) {
      await t.throwsAsync(store.seal(id, whole), { code: 'CALL_INCOMPLETE' }, JSON.stringify(whole));
    }
    t.is((await store.status(id)).state, 'open');
    await store.append(id, [chunk(1)]);
    await t.throwsAsync(store.seal(id, { chunks: 4, inputs: 3 * COUNT }), { code: 'CALL_INCOMPLETE' });
    await store.seal(id, { chunks: 3, inputs: 3 * COUNT });
    await t.throwsAsync(store.seal(id, { chunks: 2, inputs: 2 * COUNT }), { code: 'CALL_INCOMPLETE' });
    t.is((await store.status(id)).state, 'sealed');
  });

  check('a call is not sealed where one chunk does not begin at the end of the one before it', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, [chunk(0), { ...chunk(1), first: COUNT + 1 }]);
    await t.throwsAsync(store.seal(id, { chunks: 2, inputs: 2 * COUNT }), { code: 'CALL_INCOMPLETE' });
  });

  check('a chunk with inputs that another has is refused, and all that came with it', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, [chunk(1), chunk(3)]);
    for (const first of [0, COUNT - 1, COUNT, 2 * COUNT - 1, 2 * COUNT + 1, 3 * COUNT, 9 * COUNT]) {
      const refused = store.append(id, [chunk(4), { ...chunk(2), first }]);
      await t.throwsAsync(refused, { code: 'CALL_INCOMPLETE' }, `chunk 2 from ${first} on`);
    }
    // One of the inputs before it must be left to chunk 4.
    await t.throwsAsync(store.append(id, [{ ...chunk(5), first: 4 * COUNT }]), { code: 'CALL_INCOMPLETE' });
    await t.throwsAsync(store.append(id, [chunk(4), { ...chunk(5), first: 4 * COUNT + 1 }]), {
      code: 'CALL_INCOMPLETE',
    });
    t.is((await store.status(id)).counts.inputs, 2 * COUNT);
    await store.append(id, [chunk(0), chunk(2)]);
    await store.seal(id, { chunks: 4, inputs: 4 * COUNT });
  });

  check('a call without inputs is done when it is sealed', async (t, store) => {
    const id = await begin(store, 0);
    t.is((await store.status(id)).state, 'done');
    t.deepEqual(await store.outcomes(id, { from: 0, limit: 10 }), { outcomes: [], next: 0, end: true });
  });

  check('nothing can be done with a call that there is not', async (t, store) => {
    const id = randomUUID();
    const unknown = { code: 'CALL_UNKNOWN' };
    await t.throwsAsync(store.append(id, [chunk(0)]), unknown);
    await t.throwsAsync(store.seal(id, { chunks: 0, inputs: 0 }), unknown);
    await t.throwsAsync(store.status(id), unknown);
    await t.throwsAsync(store.outcomes(id, { from: 0, limit: 1 }), unknown);
    await t.throwsAsync(store.outcomes(id, { after: 0, limit: 1 }), unknown);
    await t.throwsAsync(store.cancel(id), unknown);
    await t.throwsAsync(store.retry(id), unknown);
    await t.throwsAsync(store.log(id, []), unknown);
    await t.throwsAsync(store.logs(id, { limit: 1 }), unknown);
    await store.remove(id);
    const lease = { call: id, index: 0, fence: 1 };
    t.deepEqual(await store.renew([lease], 1000), ['cancelled']);
    t.deepEqual(await store.acknowledge([{ lease, outcomes: [], retried: 0, next: 'keep' }]), [false]);
    t.deepEqual(await store.list({ limit: 10 }), []);
    t.deepEqual(await store.backlog(), []);
  });

  check('calls are listed newest first, by state, function, app and time', async (t, store, stage) => {
    const ids: string[] = [];
    for (const [name, many] of [
      ['app/f', 1],
      ['app/g', 0],
      ['application/f', 0],
      ['embed', 0],
    ] as const) {
      ids.push(await begin(store, many, { function: name }));
      await stage.advance(1000);
    }
    const [f, g, other, embed] = ids;
    const listed = async (filter: object) => (await store.list({ limit: 10, ...filter })).map(({ id }) => id);
    t.deepEqual(await listed({}), [embed, other, g, f]);
    t.deepEqual(await listed({ limit: 2 }), [embed, other]);
    t.deepEqual(await listed({ before: (await store.status(other!)).created }), [g, f]);
    t.deepEqual(await listed({ function: 'app/' }), [g, f]);
    t.deepEqual(await listed({ function: 'app/g' }), [g]);
    t.deepEqual(await listed({ function: 'app' }), []);
    t.deepEqual(await listed({ state: 'done' }), [embed, other, g]);
    t.deepEqual(await listed({ state: 'sealed', function: 'app/f' }), [f]);
    t.deepEqual(await store.status(f!), (await store.list({ limit: 1, function: 'app/f' }))[0]);
  });

  check('the backlog tells what waits and runs, by function and version', async (t, store) => {
    await begin(store, 3, { function: 'app/f' });
    await begin(store, 2, { function: 'app/f' });
    await begin(store, 1, { function: 'app/f', version: 2 });
    const leases = await claim(store, 1);
    await begin(store, 0, { function: 'app/g' });
    const backlog = (await store.backlog()).toSorted((one, two) => (one.version ?? 0) - (two.version ?? 0));
    t.deepEqual(backlog, [
      { function: 'app/f', pending: 4 * COUNT, running: COUNT },
      { function: 'app/f', version: 2, pending: COUNT, running: 0 },
    ]);
    await store.acknowledge(leases.map(finished));
    await drain(store);
    t.deepEqual(await store.backlog(), [{ function: 'app/f', version: 2, pending: COUNT, running: 0 }]);
  });
}
