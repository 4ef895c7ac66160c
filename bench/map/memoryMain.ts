/** Maps the `echo` in a worker of the node at `argv[2]` over `argv[3]` integers, and prints this process's peak resident MiB. */
import { connect, range } from '../../index.ts';
import { checkOutput } from './work.ts';

const [url = '', count = '0'] = process.argv.slice(2);
await using warp = await connect({ nodes: [url] });
let index = 0;
for await (const output of warp.function<number, number>('bench/echo').map(range(Number(count))))
  checkOutput(index++, output);
console.log(process.resourceUsage().maxRSS / 1024);
