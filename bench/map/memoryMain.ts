/** Maps the `echo` in a worker of the node at `argv[2]` over `argv[3]` integers, and prints this process's peak resident MiB. */
import { connect, range } from '../../index.ts';
import { peakMiB } from './process.ts';
import { checkOutputs } from './work.ts';

const [url = '', count = '0'] = process.argv.slice(2);
await using warp = await connect({ nodes: [url] });
await checkOutputs(warp.function<number, number>('bench/echo').map(range(Number(count))), Number(count));
console.log(peakMiB());
