/**
 * Maps `echo` with the peer called `argv[3]` of the group `argv[2]` over `argv[4]` integers in batches of `argv[5]`, and
 * prints the peak resident MiB of its client.
 */
import { groups } from './peers.ts';

const [group = '', name = '', count = '0', size = '1'] = process.argv.slice(2);
let peak = Number.NaN;
{
  await using stack = new AsyncDisposableStack();
  for (const peer of (await groups[group]?.()) ?? []) {
    stack.use(peer);
    if (peer.name !== name) continue;
    await peer.run('echo', Number(count), Number(size));
    peak = peer.clientPeakMiB();
  }
}
// Once all is closed, because whoever reads this line ends this process.
console.log(peak);
