import { spawnSync } from 'node:child_process';
import test from 'ava';
import { addressesOf } from '../../sdk/addresses.ts';
import { connect, type ConnectOptions } from '../../sdk/connect.ts';
import { LocalServer } from '../../sdk/local-server.ts';
import { FakeNode } from './fixtures/fake-node.ts';

test('addresses come from the option, else from the environment, in any usual form', (t) => {
  const env = { WARPMAP_NODES: ' a:1, http://b:2/ ,,https://c ' };
  t.deepEqual(addressesOf(undefined, env).urls, ['http://a:1', 'http://b:2', 'https://c']);
  t.deepEqual(addressesOf(['d:4', 'http://d:4'], env).urls, ['http://d:4']);
  t.deepEqual(addressesOf(['[::1]:80'], {}).urls, ['http://[::1]']);
  t.deepEqual(addressesOf(undefined, {}), { urls: [], names: [] });
  t.deepEqual(addressesOf(['dns:warpmap.internal:7411', 'a:1'], {}), {
    urls: ['http://a:1'],
    names: [{ name: 'warpmap.internal', port: 7411 }],
  });
});

test('an address with one broken rule is refused', (t) => {
  for (const address of [
    'ftp://a',
    'http://a/path',
    'http://a?x',
    'http://',
    'http://u:p@a',
    'a b',
    'dns:a',
    'dns:a:b',
  ]) {
    t.throws(() => addressesOf([address], {}), { code: 'OPTION_INVALID' }, address);
  }
  for (const nodes of ['127.0.0.1:7411', [5], null]) {
    const wrong = { code: 'OPTION_INVALID', message: /nodes to be an array of addresses/ };
    t.throws(() => addressesOf(nodes as unknown as string[], {}), wrong, String(nodes));
  }
  t.throws(() => addressesOf([], {}), { code: 'OPTION_INVALID', message: /leave it out/ });
});

test('an option with one broken rule is refused before anything is started', async (t) => {
  const broken: unknown[] = [
    { node: ['a:1'] },
    { concurrency: 0 },
    { concurrency: 1.5 },
    { silence: 10 },
    { startTimeout: 0 },
    { nodes: ['a:1'], model: 'x' },
    { nodes: ['a:1'], device: 'cpu' },
  ];
  for (const options of broken) {
    await t.throwsAsync(connect(options as ConnectOptions), { code: 'OPTION_INVALID' }, JSON.stringify(options));
  }
});

test('an address where nothing answers is named, with what to do', async (t) => {
  const node = await FakeNode.start();
  await node.kill();
  await t.throwsAsync(connect({ nodes: [node.url] }), {
    code: 'NODE_UNREACHABLE',
    message: new RegExp(`${node.url}.*warpmap serve`),
  });
});

test('a token is sent, and a wrong one refused by the node is told as such', async (t) => {
  await using node = await FakeNode.start({ token: 'right' });
  await using connection = await connect({ nodes: [node.url], token: 'right' });
  t.like((await connection.nodes())[0], { url: node.url, reachable: true });
  await t.throwsAsync(connect({ nodes: [node.url], token: 'wrong' }), { name: 'NodeError', code: 'TOKEN_INVALID' });
});

test('nodes with different models are refused, since their vectors can not be compared', async (t) => {
  await using a = await FakeNode.start({ model: 'one' });
  await using b = await FakeNode.start({ model: 'other' });
  await t.throwsAsync(connect({ nodes: [a.url, b.url] }), { code: 'NODES_DIFFER', message: /one .* other/ });
});

test('a node that is gone is told as such among the others', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url, b.url] });
  await b.kill();
  const [first, second] = await connection.nodes();
  t.like(first, { url: a.url, reachable: true });
  t.like(second, { url: b.url, reachable: false });
});

test('a connection may be closed twice', async (t) => {
  await using node = await FakeNode.start();
  const connection = await connect({ nodes: [node.url] });
  await connection[Symbol.asyncDispose]();
  await t.notThrowsAsync(connection[Symbol.asyncDispose]());
});

const startWith = (source: string, startTimeout = 30_000) =>
  LocalServer.start({ startTimeout, command: [process.execPath, '-e', source, '--'] });

test('a server that ends, announces nonsense or says nothing is told with what it said', async (t) => {
  const code = 'SERVER_START_FAILED';
  await t.throwsAsync(startWith('console.error("no GPU"); process.exit(3)'), { code, message: /\(3\).*no GPU/s });
  await t.throwsAsync(startWith('console.log("hello"); setInterval(() => {}, 1e6)'), { code, message: /"hello"/ });
  await t.throwsAsync(startWith('setInterval(() => {}, 1e6)', 300), { code, message: /not ready after 300 ms/ });
  const missing = LocalServer.start({ startTimeout: 1000, command: ['/no/such/program'] });
  await t.throwsAsync(missing, { code, message: /could not be started/ });
});

test('a program that forgets its connection ends nevertheless', (t) => {
  const server = `process.stdin.resume().on('end', () => process.exit());
    console.log(JSON.stringify({ url: 'http://127.0.0.1:1' }))`;
  const module = new URL('../../sdk/local-server.ts', import.meta.url).href;
  const program = `import { LocalServer } from ${JSON.stringify(module)};
    await LocalServer.start({ startTimeout: 30000, command: [process.execPath, '-e', ${JSON.stringify(server)}, '--'] })`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
  t.is(status, 0, stderr.toString());
});

test('the log of a local server is shown where it is asked for', (t) => {
  const server = `console.error('from the handler'); process.stdin.resume().on('end', () => process.exit());
    process.stderr.write('', () => console.log(JSON.stringify({ url: 'http://127.0.0.1:1' })))`;
  const module = new URL('../../sdk/local-server.ts', import.meta.url).href;
  const shown = (log: boolean): string => {
    const options = { startTimeout: 30_000, log, command: [process.execPath, '-e', server, '--'] };
    const program = `import { LocalServer } from ${JSON.stringify(module)};
      await using server = await LocalServer.start(${JSON.stringify(options)})`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
    return stderr.toString();
  };
  t.regex(shown(true), /^from the handler\n/);
  t.is(shown(false), '');
});
