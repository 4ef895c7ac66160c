/** `npm run chaos -- --seed 1 --minutes 5`: chaos from that seed on, one seed after the other, a line for each. */
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    inputs: { type: 'string', default: '1000' },
  },
});
const until = performance.now() + Number(values.minutes) * 60_000;
for (let seed = Number(values.seed); performance.now() < until; seed++) {
  try {
    const began = performance.now();
    const { inputs, failures, runs, longestWait, slowestEnd, troubles } = await chaos({
      seed,
      inputs: Number(values.inputs),
    });
    const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
    console.log(
      `seed ${seed}: ${inputs} inputs, ${failures} failed, ${runs} runs, ${seconds(performance.now() - began)};`,
      `longest wait ${seconds(longestWait)}, slowest end ${seconds(slowestEnd)};`,
      Object.entries(troubles).flat().join(' '),
    );
  } catch (error) {
    console.error(`seed ${seed} failed:`, error);
    process.exitCode = 1;
    break;
  }
}
