/**
 * A client that begins calls one after the other and leaves: it gets the seed, the calls and the addresses of the nodes, and
 * prints the id of each once its inputs are durable. Where no node answers for long it tries again, as its user would.
 */
import { connect } from '../../../sdk/connect.ts';
import { inputsOf, type PlannedCall } from './plan.ts';

const [, , seed = '', planned = '', nodes = ''] = process.argv;
const TRANSIENT: readonly unknown[] = ['LANES_EXHAUSTED', 'STORE_UNAVAILABLE', 'NODE_UNREACHABLE'];
const left = JSON.parse(planned) as PlannedCall[];

while (left.length > 0) {
  try {
    await using warp = await connect({ nodes: nodes.split(','), silence: 1500 });
    for (let call = left[0]; call; call = left[0]) {
      const { id } = await warp
        .function<[unknown], unknown>('torture', call.function)
        .spawnMap(inputsOf(Number(seed), call), { key: call.key, chunkSize: call.chunkSize });
      process.stdout.write(`${id}\n`);
      left.shift();
    }
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (!TRANSIENT.includes(code)) throw error;
    process.stderr.write(`${String(code)}, again\n`);
  }
}
