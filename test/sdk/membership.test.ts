import test from 'ava';
import { connect } from '../../sdk/connect.ts';
import { Connection } from '../../sdk/connection.ts';
import { NameWatch, type NameWatchOptions } from '../../sdk/name-watch.ts';
import { HttpNode } from '../../sdk/transport/http-node.ts';
import { range } from '../../shard/iterables.ts';
import { FakeClock } from '../shard/fake-clock.ts';
import { FakeNode } from './fixtures/fake-node.ts';

const doubled = (count: number): number[] => [...range(0, count * 2, 2)];
const small = { maxBatchSize: 10, window: 200 } as const;

test('a node that joins amid a map takes part in it', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url] });
  const outputs: unknown[] = [];
  for await (const output of connection.function('double').map(range(3000), small)) {
    if (outputs.push(output) === 500) await connection.addNode(b.url);
  }
  t.deepEqual(outputs, doubled(3000));
  t.true(b.heads.length > 10, `${b.heads.length} batches`);
  t.deepEqual(
    (await connection.nodes()).map(({ url }) => url),
    [a.url, b.url],
  );
});

test('a node that leaves amid a map finishes what it has and gets no more', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url, b.url] });
  const outputs: unknown[] = [];
  let had = 0;
  for await (const output of connection.function('double').map(range(3000), small)) {
    if (outputs.push(output) !== 500) continue;
    await connection.removeNode(a.url);
    had = a.heads.length;
  }
  t.deepEqual(outputs, doubled(3000));
  t.is(a.heads.length, had);
  t.is(a.abandoned, 0);
  t.deepEqual(a.cancelled, []);
});

test('a map whose last node left goes on with the next that joins', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url] });
  const outputs: unknown[] = [];
  for await (const output of connection.function('double').map(range(1000), small)) {
    if (outputs.push(output) !== 100) continue;
    await connection.removeNode(a.url);
    await connection.addNode(b.url);
  }
  t.deepEqual(outputs, doubled(1000));
  t.true(b.heads.length > 0);
});

test('a node with one broken rule does not join, and only a node can leave', async (t) => {
  await using a = await FakeNode.start({ model: 'one' });
  await using b = await FakeNode.start({ model: 'other' });
  const gone = await FakeNode.start();
  await gone.kill();
  const connection = await connect({ nodes: [a.url] });
  await t.notThrowsAsync(connection.addNode(a.url));
  await t.throwsAsync(connection.addNode(b.url), { code: 'NODES_DIFFER', message: /one .* other/ });
  await t.throwsAsync(connection.addNode(gone.url), { code: 'NODE_UNREACHABLE' });
  await t.throwsAsync(connection.addNode('http://a/path'), { code: 'OPTION_INVALID' });
  await t.throwsAsync(connection.removeNode(b.url), { code: 'OPTION_INVALID', message: new RegExp(a.url) });
  t.is((await connection.nodes()).length, 1);
  await connection[Symbol.asyncDispose]();
  await t.throwsAsync(connection.addNode(b.url), { code: 'DISPOSED' });
});

test('an empty map asks no node, not even whether it is up', async (t) => {
  const node = await FakeNode.start();
  await using connection = await connect({ nodes: [node.url] });
  await node.kill();
  t.deepEqual(await Array.fromAsync(connection.function('double').map([])), []);
  await connection.removeNode(node.url);
  t.deepEqual(await Array.fromAsync(connection.function('double').map([])), []);
});

test('a connection that is not to servers takes no node', async (t) => {
  await using node = await FakeNode.start();
  const inside = new HttpNode(node.url, { token: undefined, concurrency: 1, silence: 20_000 });
  await using connection = new Connection([inside], (await inside.info()).model);
  await t.throwsAsync(connection.addNode('http://a:1'), { code: 'OPTION_INVALID', message: /open\(\) has none/ });
});

const portOf = ({ url }: FakeNode): string => new URL(url).port;

test('every address of a name is a node, and one of them is enough', async (t) => {
  await using node = await FakeNode.start();
  const resolve = async (): Promise<string[]> => ['127.0.0.1', '127.0.0.2', '::1'];
  await using connection = await connect({ nodes: [`dns:warpmap.test:${portOf(node)}`], resolve });
  t.deepEqual(
    (await connection.nodes()).map(({ url }) => url),
    [node.url],
  );
  t.deepEqual(await Array.fromAsync(connection.function('double').map(range(10))), doubled(10));
});

test('a name that has no address, and one behind which nobody is up, are told', async (t) => {
  const node = await FakeNode.start();
  await node.kill();
  const nodes = [`dns:warpmap.test:${portOf(node)}`];
  const unknown = async (): Promise<string[]> => {
    throw new Error('getaddrinfo ENOTFOUND warpmap.test');
  };
  const message = /warpmap\.test can't be resolved .*ENOTFOUND/;
  await t.throwsAsync(connect({ nodes, resolve: unknown }), { code: 'NODE_UNREACHABLE', message });
  await t.throwsAsync(connect({ nodes, resolve: async () => [] }), { code: 'NODE_UNREACHABLE', message: /no address/ });
  const resolve = async (): Promise<string[]> => ['127.0.0.1'];
  await t.throwsAsync(connect({ nodes, resolve }), { code: 'NODE_UNREACHABLE', message: /No shard server answers/ });
});

test('a name is looked up every five seconds: nodes join, are asked again until they are up, and leave', async (t) => {
  const clock = new FakeClock();
  const log: string[] = [];
  /** What the resolver tells, one after the other, and at last without end. */
  const answers: (readonly string[] | Error)[] = [
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.1', '10.0.0.2'],
    new Error('the resolver is down'),
    [],
    ['10.0.0.2', 'fd00::3'],
  ];
  let tries = 0;
  const options: NameWatchOptions = {
    names: [{ name: 'warpmap.test', port: 7411 }],
    async resolve(name) {
      t.is(name, 'warpmap.test');
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async join(url) {
      // The second is up only when it is asked for the third time.
      if (url.includes('0.2') && ++tries < 3) throw new Error('refused');
      if (!log.includes(`${url} joins`)) log.push(`${url} joins`);
    },
    async leave(url) {
      log.push(`${url} leaves`);
    },
    after: (milliseconds, callback) => {
      t.is(milliseconds, 5000);
      return clock.after(milliseconds, callback);
    },
  };
  const watch = new NameWatch(['http://10.0.0.1:7411'], options);
  await clock.run(clock.sleep(26_000));
  t.deepEqual(log, [
    'http://10.0.0.1:7411 joins',
    'http://10.0.0.2:7411 joins',
    'http://10.0.0.1:7411 leaves',
    'http://[fd00::3]:7411 joins',
  ]);
  watch[Symbol.dispose]();
  t.is(clock.pending, 0);
});

test('a name that can not be looked up does not keep another from being', async (t) => {
  const clock = new FakeClock();
  const log: string[] = [];
  const watch = new NameWatch(['http://10.0.0.1:1', 'http://10.0.0.2:2'], {
    names: [
      { name: 'broken', port: 1 },
      { name: 'good', port: 2 },
    ],
    async resolve(name) {
      if (name === 'good') return clock.now() < 10_000 ? ['10.0.0.2'] : ['10.0.0.3'];
      if (clock.now() < 10_000) return ['10.0.0.1'];
      throw new Error('gone');
    },
    async join(url) {
      if (clock.now() >= 10_000) log.push(`${url} joins`);
    },
    async leave(url) {
      log.push(`${url} leaves`);
    },
    after: (milliseconds, callback) => clock.after(milliseconds, callback),
  });
  await clock.run(clock.sleep(11_000));
  t.deepEqual(log, ['http://10.0.0.2:2 leaves', 'http://10.0.0.1:1 joins', 'http://10.0.0.3:2 joins']);
  watch[Symbol.dispose]();
});
