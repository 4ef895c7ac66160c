import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Less work and fewer rounds: under a minute on two cores. */
  readonly quick: boolean;
  /** Time the installed peers as well. */
  readonly peers: boolean;
  /** Print one JSON object a line in place of a table. */
  readonly json: boolean;
  readonly device: string | undefined;
  readonly model: string | undefined;
  readonly seed: number;
}

const usage = (name: string): string => `usage: npm run bench:${name} -- [--quick] [--peers] [--json]
         [--device auto|cuda|webgpu|cpu|software] [--model NAME|FOLDER] [--seed INTEGER]`;

/** Reads a benchmark's command line; prints its usage and exits where it asks for help or can't be understood. */
export function benchOptions(name: string, args: readonly string[] = process.argv.slice(2)): BenchOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        device: { type: 'string' },
        model: { type: 'string' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(usage(name));
      process.exit(0);
    }
    const { quick, peers, json, device, model } = values;
    const seed = Number(values.seed);
    if (!Number.isSafeInteger(seed)) throw new TypeError(`expected --seed to be an integer, got ${values.seed}`);
    return { quick, peers, json, device, model, seed };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${usage(name)}`);
    process.exit(2);
  }
}
