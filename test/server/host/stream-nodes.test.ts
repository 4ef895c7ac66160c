import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { type Command, memoryMain, start } from '../../cli/fixtures/command.ts';
import * as generators from './apps/generators.ts';
import { appPath } from './harness.ts';

async function serve(): Promise<Command & { readonly url: string }> {
  const node = start(memoryMain, ['serve', appPath('generators'), '--port', '0', '--announce']);
  const { url } = JSON.parse(await node.line()) as { url: string };
  return { ...node, url };
}

test('a node that is killed takes the generators along that have yielded, and others begin elsewhere', async (t) => {
  t.timeout(120_000);
  const nodes = await Promise.all([serve(), serve()]);
  t.teardown(() => nodes.map(({ process }) => process.kill('SIGKILL')));
  await using warp = await connect({ nodes: nodes.map(({ url }) => url) });
  const where = warp.function(generators.where);
  const running = where.remoteGen();
  const { value: first } = await running.next();
  const killed = nodes.find(({ process }) => process.pid === first)!;
  const living = nodes.find((node) => node !== killed)!;
  killed.process.kill('SIGKILL');
  await t.throwsAsync(running.next(), { name: 'ShardError', code: 'STREAM_LOST', message: /not run again/ });
  // Each begins on the next node, so one of them on the one that is gone.
  for (let turn = 0; turn < 2; turn++) {
    for await (const pid of where.remoteGen()) {
      t.is(pid, living.process.pid!);
      break;
    }
  }
});
