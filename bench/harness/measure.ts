import type { Subject, Timing } from './contract.ts';

export interface MeasureOptions {
  /** An integer from 1 up. */
  readonly rounds: number;
  /** Milliseconds, monotonic. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Times each subject once a round, after a run of each that isn't counted. The subject that begins moves on by one each
 * round, so that none always inherits the heat, or the warm caches, of the same predecessor.
 */
export async function measure(subjects: readonly Subject[], { rounds, now }: MeasureOptions): Promise<Timing[]> {
  const clock = now ?? (() => performance.now());
  const timings = subjects.map((subject) => ({ subject, seconds: [] as number[] }));
  for (const { subject } of timings) await subject.run();
  for (let round = 0; round < rounds; round++) {
    const first = round % timings.length;
    for (const { subject, seconds } of [...timings.slice(first), ...timings.slice(0, first)]) {
      const start = clock();
      const own = await subject.run();
      seconds.push(own ?? (clock() - start) / 1000);
    }
  }
  return timings;
}
