/** Times work on one GPU and collects what came of it. */
import type { Kernel, Launcher, Step, Timer } from '../../../kernels/index.ts';
import type { Environment, Result, Subject } from '../../harness/contract.ts';
import { measure } from '../../harness/measure.ts';
import { resultsOf } from '../../harness/results.ts';
import type { Ceilings, Work } from './contract.ts';

export interface GpuBenchOptions {
  readonly launcher: Launcher;
  readonly timer: Timer;
  readonly environment: Environment;
  readonly rounds: number;
}

export class GpuBench {
  readonly launcher: Launcher;
  readonly results: Result[] = [];
  readonly #timer: Timer;
  readonly #environment: Environment;
  readonly #rounds: number;

  constructor({ launcher, timer, environment, rounds }: GpuBenchOptions) {
    this.launcher = launcher;
    this.#timer = timer;
    this.#environment = environment;
    this.#rounds = rounds;
  }

  /** Runs these steps and answers with the seconds that the device took, or with the host's where it keeps no time. */
  timed(steps: readonly Step[]): () => Promise<number> {
    return async () => (await this.#timer.time(steps)) / 1000;
  }

  /** Times `amount` units; answers with the fastest rate. */
  async rate(question: string, name: string, run: Subject['run'], unit: string, amount: number): Promise<number> {
    const timings = await measure([{ name, peer: false, run }], { rounds: this.#rounds });
    const results = resultsOf(timings, { question, unit, amount }, this.#environment);
    this.results.push(...results);
    return results[0]?.range[1] ?? Number.NaN;
  }

  /** Times subjects beside each other, in GFLOP/s. */
  async compare(question: string, subjects: readonly Subject[], flops: number): Promise<void> {
    const timings = await measure(subjects, { rounds: this.#rounds });
    const rate = { question, unit: 'GFLOP/s', amount: flops / 1e9 };
    this.results.push(...resultsOf(timings, rate, this.#environment));
  }

  /** Times a call of a kernel, against the least time in which the device could do it. */
  async kernel<Call>(kernel: Kernel<Call>, call: Call, shape: string, work: Work, ceilings: Ceilings): Promise<void> {
    using plan = await kernel.plan(this.launcher, call);
    await this.steps(`${kernel.name}: ${shape}`, plan.steps, work, ceilings);
  }

  async steps(question: string, steps: readonly Step[], work: Work, ceilings: Ceilings): Promise<void> {
    const { bytes, flops = 0, matrices = false } = work;
    const timings = await measure([{ name: 'warpmap', peer: false, run: this.timed(steps) }], { rounds: this.#rounds });
    const rate = matrices ? (ceilings.flopsOfMatrices ?? Number.NaN) : ceilings.flops;
    const least = Math.max(bytes / ceilings.bytes, flops / rate);
    const rates = [
      { unit: 'GB/s', amount: bytes / 1e9 },
      ...(flops > 0 ? [{ unit: 'GFLOP/s', amount: flops / 1e9 }] : []),
      { unit: '% of the ceiling', amount: 100 * least },
    ];
    for (const each of rates) this.results.push(...resultsOf(timings, { question, ...each }, this.#environment));
  }

  /** Says that something was not timed, and why. */
  skip(question: string, reason: string): undefined {
    console.error(`not timed: ${question}: ${reason}`);
  }
}
