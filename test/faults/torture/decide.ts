/** What the functions of the torture do with an input, which follows from the seed and the input's number alone. */
import { seeded } from '../../../bench/harness/random.ts';

export interface Input {
  readonly value: number;
  readonly filling: string;
}

export type Output = Input;

export interface Decision {
  /** How often the function fails on the input before it succeeds. */
  readonly failures: number;
  /** Whether it kills its worker when the input is first met. */
  readonly stumbles: boolean;
  /** Milliseconds that it takes. */
  readonly milliseconds: number;
  readonly output: Output;
}

/** Retries that the functions grant. */
export const RETRIES = 2;
/** Of an input, or an output, that is too large to be kept with others. */
const LARGE = 1_200_000;

export function inputOf(seed: number, value: number): Input {
  const random = seeded(mix(seed, value));
  return { value, filling: filling(random) };
}

export function decide(seed: number, value: number): Decision {
  const random = seeded(mix(seed + 1, value));
  const draw = random();
  return {
    failures: draw < 0.01 ? Infinity : draw < 0.05 ? 1 + Math.floor(random() * RETRIES) : 0,
    stumbles: random() < 0.0005,
    milliseconds: random() < 0.03 ? Math.floor(random() * 100) : 0,
    output: { value, filling: filling(random) },
  };
}

function filling(random: () => number): string {
  const draw = random();
  if (draw < 0.002) return 'large '.repeat(Math.ceil(LARGE / 6));
  return '.'.repeat(Math.floor(random() * (draw < 0.02 ? 20_000 : 40)));
}

function mix(seed: number, value: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(value + 1, 0xc2b2ae35);
}
