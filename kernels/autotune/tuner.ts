import type { Launcher, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { openTimer, type Timer } from '../launch/timer.ts';
import type { Candidate, Tuner, TuningQuestion, TuningStore } from './contract.ts';
import { tuningKey } from './key.ts';

/** Runs of each candidate that are timed, after one that is not. An odd number, so that one of them is the median. */
const RUNS = 5;
const MAX_CANDIDATES = 8;

export interface TunerOptions {
  /** Which adapter, driver and version the choices are for: `tuningIdentity`. */
  readonly identity: string;
  readonly store: TuningStore;
  /** What times the candidates. Default: a timer of the launcher's, for each question. */
  readonly timer?: Timer;
}

/** Measures candidates on a launcher's device, each question once. */
export function openTuner(launcher: Launcher, options: TunerOptions): Tuner {
  return new DeviceTuner(launcher, options);
}

class DeviceTuner implements Tuner {
  readonly #launcher: Launcher;
  readonly #options: TunerOptions;
  readonly #choosing = new Map<string, Promise<string>>();
  readonly #chosen = new Map<string, string>();

  constructor(launcher: Launcher, options: TunerOptions) {
    this.#launcher = launcher;
    this.#options = options;
  }

  chosen(kernel: string, shape: TuningQuestion['shape']): string | undefined {
    return this.#chosen.get(tuningKey(this.#options.identity, kernel, shape));
  }

  choose(question: TuningQuestion): Promise<string> {
    const key = tuningKey(this.#options.identity, question.kernel, question.shape);
    const known = this.#choosing.get(key);
    if (known !== undefined) return known;
    const choosing = this.#choose(key, question);
    this.#choosing.set(key, choosing);
    // A failure is not kept: a device that was out of memory may have some later.
    choosing.then(
      (name) => this.#chosen.set(key, name),
      () => this.#choosing.delete(key),
    );
    return choosing;
  }

  async #choose(key: string, question: TuningQuestion): Promise<string> {
    const { candidates } = question;
    if (candidates.length < 1 || candidates.length > MAX_CANDIDATES) {
      throw new KernelError('INPUT_INVALID', `Expected 1 to ${MAX_CANDIDATES} candidates; got ${candidates.length}.`);
    }
    const kept = keptName(await this.#options.store.get(key));
    if (candidates.some(({ name }) => name === kept)) return kept ?? '';
    const { timer } = this.#options;
    if (timer !== undefined) return this.#measured(key, question, timer);
    using own = openTimer(this.#launcher);
    return await this.#measured(key, question, own);
  }

  async #measured(key: string, question: TuningQuestion, timer: Timer): Promise<string> {
    const [reference, ...others] = question.candidates;
    if (reference === undefined) return '';
    const right = await this.#run(reference, question, timer);
    const milliseconds: Record<string, number> = { [reference.name]: right.milliseconds };
    let best = { name: reference.name, milliseconds: right.milliseconds };
    for (const candidate of others) {
      const run = await this.#tried(candidate, question, timer, right.results);
      if (run === undefined) continue;
      milliseconds[candidate.name] = run;
      // Of equals the first stays.
      if (run < best.milliseconds) best = { name: candidate.name, milliseconds: run };
    }
    await this.#options.store.put(key, { name: best.name, milliseconds });
    return best.name;
  }

  /** Its time, or `undefined` where it is wrong, or does not run on this device. */
  async #tried(
    candidate: Candidate,
    question: TuningQuestion,
    timer: Timer,
    right: readonly ArrayBuffer[],
  ): Promise<number | undefined> {
    const { agrees = sameBits } = question;
    try {
      const { results, milliseconds } = await this.#run(candidate, question, timer);
      return agrees(right, results) ? milliseconds : undefined;
    } catch (error) {
      if (error instanceof KernelError && !['DEVICE_LOST', 'DISPOSED'].includes(error.code)) return undefined;
      throw error;
    }
  }

  async #run(
    candidate: Candidate,
    { results: spans }: TuningQuestion,
    timer: Timer,
  ): Promise<{ readonly results: readonly ArrayBuffer[]; readonly milliseconds: number }> {
    using plan = await candidate.plan();
    // What the candidate before it wrote must not pass for its own.
    this.#clear(spans);
    const results = await this.#launcher.submit(plan.steps, spans);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) times.push(await timer.time(plan.steps));
    times.sort((a, b) => a - b);
    return { results, milliseconds: times[(RUNS - 1) / 2] ?? Infinity };
  }

  #clear(spans: readonly Span[]): void {
    const encoder = this.#launcher.device.createCommandEncoder();
    for (const { buffer, offset, size } of spans) encoder.clearBuffer(buffer, offset, size);
    this.#launcher.device.queue.submit([encoder.finish()]);
  }
}

function keptName(kept: unknown): string | undefined {
  if (typeof kept !== 'object' || kept === null || !('name' in kept)) return undefined;
  return typeof kept.name === 'string' ? kept.name : undefined;
}

function sameBits(expected: readonly ArrayBuffer[], actual: readonly ArrayBuffer[]): boolean {
  return expected.every((bytes, at) => Buffer.from(bytes).equals(Buffer.from(actual[at] ?? new ArrayBuffer(0))));
}
