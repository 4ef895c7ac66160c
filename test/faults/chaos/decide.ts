import { seeded } from '../../../bench/harness/random.ts';

/** What the function does with a value, which follows from the seed and the value alone. */
export interface Decision {
  /** How often it fails on the value before it succeeds. */
  readonly failures: number;
  /** Whether it kills its worker when it first meets the value. */
  readonly stumbles: boolean;
  /** Milliseconds that it takes. */
  readonly milliseconds: number;
  readonly output: Output;
}

export interface Output {
  readonly value: number;
  readonly filling: string;
}

/** Retries that the functions grant. */
export const RETRIES = 2;

export function decide(seed: number, value: number): Decision {
  const share = seeded(mix(seed, value));
  const draw = share();
  const failures = draw < 0.01 ? Infinity : draw < 0.06 ? 1 + Math.floor(share() * (RETRIES + 1)) : 0;
  return {
    failures,
    stumbles: share() < 0.001,
    milliseconds: share() < 0.03 ? Math.floor(share() * 60) : 0,
    output: { value, filling: (share() < 0.01 ? 'large ' : '.').repeat(1 + Math.floor(share() * 5_000)) },
  };
}

function mix(seed: number, value: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(value + 1, 0xc2b2ae35);
}
