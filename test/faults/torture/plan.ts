/** What clients ask for in one run, by the seed. */
import { fileURLToPath } from 'node:url';
import { type Input, inputOf } from './decide.ts';

/** What its client does with a call once it is begun. */
type Fate = 'run' | 'cancel' | 'cancel, then retry' | 'retry what failed';

export interface PlannedCall {
  readonly key: string;
  readonly function: 'single' | 'batched';
  /** Value of the first input; the others follow. */
  readonly first: number;
  readonly count: number;
  readonly chunkSize: number;
  readonly fate: Fate;
}

const FATES: readonly Fate[] = ['run', 'run', 'run', 'cancel', 'cancel, then retry', 'retry what failed'];

/** The next call. */
export function* plan(seed: number, inputs: number, random: () => number): Generator<PlannedCall> {
  const below = (end: number): number => Math.floor(random() * end);
  for (let number = 0, first = 0; ; number++) {
    const count = below(10) === 0 ? below(3) : 1 + below(2 * inputs);
    yield {
      key: `torture ${seed} ${number}`,
      function: below(2) === 0 ? 'single' : 'batched',
      first,
      count,
      chunkSize: [1, 32, 200, 1024][below(Math.min(4, 1 + count))]!,
      fate: FATES[below(FATES.length)]!,
    };
    first += count;
  }
}

/** Its inputs, made as they are read. */
export function* inputsOf(seed: number, { first, count }: PlannedCall): Generator<Input> {
  for (let at = 0; at < count; at++) yield inputOf(seed, first + at);
}

export const appPath: string = fileURLToPath(new URL('app.ts', import.meta.url));
