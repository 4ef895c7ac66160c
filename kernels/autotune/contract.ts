/** The contract of autotuning: of several ways to carry out one call, which is the fastest on this device? */
import type { Plan, Span } from '../contract.ts';

/** Where choices are kept from one process to the next, as JSON. Neither rejects: what can't be kept is measured again. */
export interface TuningStore {
  /** `undefined` where nothing, or nothing that can be read, is kept. */
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export interface Candidate {
  readonly name: string;
  /** The call carried out in this way. */
  plan(): Promise<Plan>;
}

export interface TuningQuestion {
  readonly kernel: string;
  /** What the choice depends on: numbers count as the power of two from them up, words as they are. */
  readonly shape: Readonly<Record<string, number | string>>;
  /** One to eight. The first is what is right, and what is taken where nothing is measured. */
  readonly candidates: readonly Candidate[];
  /** What each plan writes. */
  readonly results: readonly Span[];
  /** Whether results are as right as the first candidate's. Default: the same bits. */
  readonly agrees?: (expected: readonly ArrayBuffer[], actual: readonly ArrayBuffer[]) => boolean;
}

export interface Tuner {
  /** The name that was chosen for this shape, of those that `names` has; `undefined` before it is known. */
  chosen(kernel: string, shape: TuningQuestion['shape']): string | undefined;
  /**
   * The name of the fastest candidate: as kept, or else measured now. Asked again while it is measured, it waits for the
   * same. Throws `INPUT_INVALID` for a question without candidates or with more than eight, and what the first throws.
   */
  choose(question: TuningQuestion): Promise<string>;
}
