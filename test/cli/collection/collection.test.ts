import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { memoryMain, runCommand, startNode } from '../fixtures/command.ts';

test('collections are listed, searched, explained, emptied and dropped', async (t) => {
  t.timeout(240_000);
  const node = await startNode();
  t.teardown(() => {
    node.process.kill();
    return node.ended;
  });
  const collection = (...args: string[]): ReturnType<typeof runCommand> =>
    runCommand(memoryMain, ['collection', ...args], { env: { WARPMAP_NODES: node.url } });

  t.deepEqual(await collection('list'), { code: 0, stdout: '', stderr: '' });
  await using warp = await connect({ nodes: [node.url] });
  await warp.collection('c').upsert(['a', 7, '7', 'bb'].map((id) => ({ id, text: String(id) })));
  t.is((await collection('list')).stdout, '           4  c  (f32, cosine, 8 dims)\n');
  t.deepEqual(JSON.parse((await collection('list', '--json')).stdout), {
    name: 'c',
    type: 'f32',
    metric: 'cosine',
    dims: 8,
    rescore: false,
    size: 4,
  });

  t.is((await collection('search', 'c', 'a', '-k', '1')).stdout, '    1.000000  a\n');
  const explained = await collection('explain', 'c', '--queries', '2');
  t.regex(explained.stdout, /^http:.*: javascript\n {2}a test\n {2}- score\n {2}- sort\n {2}256 bytes of vectors/v);
  t.is((await collection('remove', 'c', 'a', '7', 'nothing')).code, 0);
  const left = await collection('search', 'c', '7', '--json');
  t.deepEqual(
    left.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: unknown }).id),
    ['7', 'bb'],
  );
  t.is((await collection('drop', 'c')).code, 0);
  const missing = await collection('search', 'c', 'a');
  t.deepEqual([missing.code, missing.stdout], [1, '']);
  t.regex(missing.stderr, /^error COLLECTION_NOT_FOUND: /v);

  const results = (...args: string[]) =>
    runCommand(memoryMain, ['call', 'results', 'id', ...args], { env: { WARPMAP_NODES: node.url } });
  const shapeless = await results('--dims', '8', '--rescore');
  t.is(shapeless.code, 2);
  t.regex(shapeless.stderr, /Expected --collection beside --dims, --rescore/v);
});
