import type { Plan, Step } from '../contract.ts';

/** A plan that holds no scratch memory. */
export function planOf(steps: readonly Step[]): Plan {
  return { steps, [Symbol.dispose]: () => {} };
}
