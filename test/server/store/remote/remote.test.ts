import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import test from 'ava';
import type { ChunkStore, Claim } from '../../../../server/store/contract.ts';
import { RemoteStore } from '../../../../server/store/remote/remote.ts';
import { startNode } from '../../fixtures/node.ts';
import { begin, claim, finished, FUNCTION, start } from '../conformance/stage.ts';
import { sqliteStage } from '../sqlite/stage.ts';
import { startOwner } from './owner.ts';

/** Passes connections on to a node, and cuts each that has had `cut` answers begin, before the client sees them. */
async function startProxy(target: string): Promise<{ url: string; lose(answers: number): void } & AsyncDisposable> {
  let toLose = 0;
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(target);
  const server = createServer((client) => {
    const { connect } = process.getBuiltinModule('node:net');
    const node = connect(Number(port), hostname);
    for (const socket of [client, node]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(node);
    client.on('close', () => node.destroy());
    node.on('close', () => client.destroy());
    node.on('data', (bytes) => {
      if (toLose > 0) {
        toLose--;
        client.destroy();
      } else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : ''}`,
    lose(answers) {
      toLose = answers;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('an answer that is lost is asked for again, and a claim leases nothing twice', async (t) => {
  await using stage = await sqliteStage();
  const store = await stage.open();
  const asked: string[] = [];
  const counted = new Proxy(store, {
    get(target, name: keyof ChunkStore) {
      const verb = target[name];
      if (typeof verb !== 'function') return verb;
      return (...given: unknown[]) => {
        asked.push(String(name));
        return (verb as (...all: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  await using owner = await startOwner(counted);
  await using proxy = await startProxy(owner.url);
  await using remote = await RemoteStore.open({ url: proxy.url, token: owner.token });
  proxy.lose(2);
  const id = await begin(remote, 4);
  proxy.lose(2);
  const leases = await claim(remote, 2);
  t.deepEqual(
    leases.map(({ index }) => index),
    [0, 1],
  );
  t.is(asked.filter((verb) => verb === 'claim').length, 1);
  proxy.lose(1);
  t.deepEqual(await remote.acknowledge(leases.map(finished)), [true, true]);
  t.is((await remote.status(id)).counts.done, 8);
});

test('what would not be the same twice is not asked for again', async (t) => {
  await using stage = await sqliteStage();
  await using owner = await startOwner(await stage.open());
  await using proxy = await startProxy(owner.url);
  await using remote = await RemoteStore.open({ url: proxy.url, token: owner.token });
  const id = await begin(remote, 1);
  for (const verb of [() => remote.retry(id), () => remote.purge(1e9), () => remote.log(id, [])]) {
    proxy.lose(1);
    await t.throwsAsync(verb(), { code: 'STORE_UNAVAILABLE', message: /127\.0\.0\.1.* can't be used/v });
  }
});

test('a node that is gone is named, and used again when it is back with its store; with another it is not', async (t) => {
  await using stage = await sqliteStage();
  await using other = await sqliteStage();
  const store = await stage.open();
  const owner = await startOwner(store);
  const port = Number(new URL(owner.url).port);
  await using remote = await RemoteStore.open({ url: owner.url, token: owner.token });
  const id = await begin(remote, 1);
  await owner[Symbol.asyncDispose]();
  await t.throwsAsync(remote.status(id), { code: 'STORE_UNAVAILABLE', message: new RegExp(owner.url, 'v') });
  {
    await using _back = await startOwner(store, port);
    t.is((await remote.status(id)).state, 'sealed');
  }
  await using _changed = await startOwner(await other.open(), port);
  await t.throwsAsync(remote.create(start()), { code: 'STORE_UNAVAILABLE', message: /The store of this node is/v });
});

test('only a token with the scope of nodes reaches a store', async (t) => {
  await using stage = await sqliteStage();
  await using owner = await startOwner(await stage.open());
  await t.throwsAsync(RemoteStore.open({ url: owner.url, token: 'another-token' }), {
    code: 'STORE_UNAVAILABLE',
    message: /TOKEN_INVALID/v,
  });
  await t.throwsAsync(RemoteStore.open({ url: owner.url, token: owner.reader }), {
    code: 'STORE_UNAVAILABLE',
    message: /SCOPE_MISSING/v,
  });
});

test('bytes that are no arguments, and verbs that there are not, are refused', async (t) => {
  await using stage = await sqliteStage();
  const store = await stage.open();
  await using owner = await startOwner(store);
  const post = async (verb: string, body: Uint8Array<ArrayBuffer>): Promise<string> => {
    const answer = await fetch(`${owner.url}/v1/store/${store.id}/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/vnd.warpmap.store' },
      body,
    });
    return ((await answer.json()) as { error: { code: string } }).error.code;
  };
  t.is(await post('status', Uint8Array.of(0xc1)), 'FRAME_INVALID');
  t.is(await post('status', Uint8Array.of(0x01)), 'REQUEST_INVALID');
  t.is(await post('id', Uint8Array.of(0x90)), 'ROUTE_NOT_FOUND');
  t.is(await post('constructor', Uint8Array.of(0x90)), 'ROUTE_NOT_FOUND');
});

test('a node with a store in another node runs the calls of that one', async (t) => {
  await using stage = await sqliteStage();
  const token = 'the-token-of-the-fleet';
  const store = await stage.open();
  await using owner = await startOwner(store);
  await using node = await startNode({ store: owner.url.replace('//', `//:${owner.token}@`), token });
  const answer = await fetch(`${node.url}/v1/calls`, { headers: { authorization: `Bearer ${token}` } });
  t.deepEqual(await answer.json(), { calls: [] });
  const want: Claim = { node: 'n', functions: [{ function: FUNCTION }], limit: 1, leaseMs: 1000 };
  t.deepEqual(await store.claim(want), []);
});
