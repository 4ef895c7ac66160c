import type { LaneSet } from './lane-set.ts';
import type { LaneState } from './lane-state.ts';
import { isSuspect } from './recovery.ts';
import type { Task } from './task.ts';

/** Tasks that wait for a lane, in the order in which they should be sent. They go before any new input. */
export class Backlog<I, O> {
  readonly #lanes: LaneSet<I, O>;
  #tasks: Task<I>[] = [];

  constructor(lanes: LaneSet<I, O>) {
    this.#lanes = lanes;
  }

  push(task: Task<I>): void {
    this.#tasks.push(task);
  }

  /** Before all others: on a lane of one batch at a time, the order of the inputs is kept. */
  unshift(tasks: readonly Task<I>[]): void {
    this.#tasks.unshift(...tasks);
  }

  /** The first task that may go to the lane, without those that need a lane of their own unless `suspects`. */
  find(lane: LaneState<I, O>, suspects: boolean): Task<I> | undefined {
    return this.#tasks.find((task) => (suspects || !isSuspect(task)) && this.#may(task, lane));
  }

  remove(task: Task<I>): void {
    this.#tasks.splice(this.#tasks.indexOf(task), 1);
  }

  #may({ avoid, home }: Task<I>, lane: LaneState<I, O>): boolean {
    const { name } = lane.lane;
    if (avoid === name && this.#lanes.hasBetter(lane)) return false;
    return home === undefined || home === name || !this.#lanes.isWell(home);
  }
}
