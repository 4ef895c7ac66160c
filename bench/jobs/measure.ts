import type { Subject, Timing } from '../harness/contract.ts';
import type { JobsSubject } from './peer.ts';

export interface JobTiming extends Timing {
  readonly subject: Subject & Pick<JobsSubject, 'byHand'>;
}

export interface JobTimings {
  readonly submits: readonly JobTiming[];
  readonly drains: readonly JobTiming[];
}

export interface JobMeasureOptions {
  /** An integer from 1 up. */
  readonly rounds: number;
  /** Inputs for which the seconds are told: a subject that has fewer is told at its rate. */
  readonly inputs: number;
  /** Milliseconds, monotonic. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Times each subject once a round, after a smaller run of each that isn't counted. The subject that begins moves on by one
 * each round. Outputs are checked after each run, untimed.
 */
export async function measureJobs(
  subjects: readonly JobsSubject[],
  { rounds, inputs, now = () => performance.now() }: JobMeasureOptions,
): Promise<JobTimings> {
  const timings = subjects.map((subject) => ({ subject, submits: [] as number[], drains: [] as number[] }));
  for (const subject of subjects) await once(subject, Math.ceil(subject.inputs / 4), now);
  for (let round = 0; round < rounds; round++) {
    const first = round % timings.length;
    for (const { subject, submits, drains } of [...timings.slice(first), ...timings.slice(0, first)]) {
      const seconds = await once(subject, subject.inputs, now);
      const scale = inputs / subject.inputs;
      submits.push(seconds.submit * scale);
      drains.push(seconds.drain * scale);
    }
  }
  const told = (seconds: (timing: (typeof timings)[number]) => readonly number[]): JobTiming[] =>
    timings.map((timing) => ({ subject: named(timing.subject), seconds: seconds(timing) }));
  return { submits: told(({ submits }) => submits), drains: told(({ drains }) => drains) };
}

async function once(
  subject: JobsSubject,
  inputs: number,
  now: () => number,
): Promise<{ readonly submit: number; readonly drain: number }> {
  const run = await subject.begin(inputs);
  const begun = now();
  await run.submit();
  const submitted = now();
  await run.drain();
  const drained = now();
  await run.check();
  await run.forget();
  return { submit: (submitted - begun) / 1000, drain: (drained - submitted) / 1000 };
}

/** A subject of the harness that tells how much work it had; it has been run. */
function named({ name, peer, byHand, inputs }: JobsSubject): JobTiming['subject'] {
  return { name: `${name}, ${inputs.toLocaleString('en')} inputs`, peer, byHand, run: async () => {} };
}
