import type { BatchLimits } from './batch-size.ts';
import type { Lane, Lanes } from './contract.ts';
import { LaneState } from './lane-state.ts';

/** The lanes that there are at the moment, and what is known of each. */
export class LaneSet<I, O> {
  readonly #lanes: Lanes<I, O>;
  readonly #limits: BatchLimits;
  #unsubscribe: (() => void) | undefined;
  #states: readonly LaneState<I, O>[] = [];
  /** Lanes that went with batches still under way. */
  #leaving: readonly LaneState<I, O>[] = [];

  constructor(lanes: readonly Lane<I, O>[] | Lanes<I, O>, limits: BatchLimits) {
    this.#lanes = 'subscribe' in lanes ? lanes : { current: lanes, subscribe: () => () => {} };
    this.#limits = limits;
  }

  /** Reads the lanes, and from then on calls `changed` after some came or went. */
  open(changed: () => void): void {
    this.#unsubscribe = this.#lanes.subscribe(() => {
      this.#read();
      changed();
    });
    this.#read();
  }

  get all(): readonly LaneState<I, O>[] {
    return this.#states;
  }

  /** Those that may be able to run the function. */
  get fit(): LaneState<I, O>[] {
    return this.#states.filter(({ unfit }) => unfit === undefined);
  }

  /** Those that run batches, whether they are still to be given more or not. */
  get working(): LaneState<I, O>[] {
    return [...this.#states, ...this.#leaving].filter(({ inFlight }) => inFlight > 0);
  }

  /** Inputs that all lanes together can have in flight. */
  get capacity(): number {
    let capacity = 0;
    for (const { lane, size } of this.fit) capacity += lane.concurrency * size;
    return capacity;
  }

  /** The lanes that may be given a batch now, the idlest first. */
  free(now: number): LaneState<I, O>[] {
    return this.#states.filter((state) => state.free(now)).toSorted((a, b) => a.load - b.load);
  }

  /** Whether there is a lane of that name that has not failed of late. */
  isWell(name: string): boolean {
    return this.#states.some((state) => state.lane.name === name && state.healthy);
  }

  /** Whether another than this one has not failed of late. */
  hasBetter(lane: LaneState<I, O>): boolean {
    return this.#states.some((other) => other !== lane && other.healthy);
  }

  /** No more changes are heard of. */
  close(): void {
    this.#unsubscribe?.();
  }

  #read(): void {
    const known = new Map(this.#states.map((state) => [state.lane, state]));
    const present = this.#lanes.current;
    this.#leaving = [...known.values(), ...this.#leaving].filter(
      ({ lane, inFlight }) => inFlight > 0 && !present.includes(lane),
    );
    this.#states = present.map((lane) => known.get(lane) ?? new LaneState(lane, this.#limits));
  }
}
