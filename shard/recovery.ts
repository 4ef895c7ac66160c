/**
 * What becomes of the inputs that a broken batch left without an answer.
 *
 * A batch that failed as a whole is halved until the input at fault is alone. A batch whose lane was lost is sent again;
 * if lanes that worked are lost under it time after time, it may be the batch that brings them down (a crash in native
 * code, memory). Such a suspect is given a lane to itself, and cut into parts, until a single input stands convicted.
 */
import type { RemoteError } from './wire/message.ts';
import { type Part, slice, type Task } from './task.ts';

/** A task under which that many lanes were lost that worked before is run with nothing beside it. */
const SUSPECT = 2;
/** Cutting into more than halves costs a few small batches, and spares lanes that would be lost on the way down. */
const SUSPECT_PARTS = 8;

/** How a lane was lost under a batch. */
export interface Loss {
  /** Whether the batch can be to blame: it reached a lane that was well, and nothing more was heard of it. */
  readonly blamed: boolean;
  /** Whether it was the only one on its lane. */
  readonly alone: boolean;
  /** How many losses under one input are put up with. */
  readonly bound: number;
  readonly message: string;
}

/** Tasks to send again, or the one that has failed. */
export type Outcome<I> =
  | { readonly again: readonly Task<I>[] }
  | { readonly failed: Task<I>; readonly error: RemoteError };

/** Whether the task must have a lane to itself. */
export function isSuspect<I>({ suspicion }: Task<I>): boolean {
  return suspicion >= SUSPECT;
}

/** The function failed for the batch as a whole. `number` gives the numbers of new batches. */
export function afterFailure<I>(task: Task<I>, rest: Part<I>, error: RemoteError, number: () => number): Outcome<I> {
  const left = { ...task, ...rest };
  if (rest.inputs.length === 1) return { failed: left, error };
  return { again: divide(left, 2, number) };
}

/** A lane was lost, or was at fault. `task` has the number of its next attempt. */
export function afterLoss<I>(task: Task<I>, rest: Part<I>, loss: Loss, number: () => number): Outcome<I> {
  const { blamed, alone, bound, message } = loss;
  const left = { ...task, ...rest, losses: task.losses + 1, suspicion: task.suspicion + (blamed ? 1 : 0) };
  if (!blamed || !isSuspect(left)) return { again: [left] };
  if (left.inputs.length > 1) return { again: divide(left, SUSPECT_PARTS, number) };
  if (!alone || left.suspicion <= bound) return { again: [left] };
  const text = `${left.suspicion} nodes that worked were lost while they ran it, at last with nothing else to run (${message})`;
  return { failed: left, error: { code: 'INPUT_LOST', message: text } };
}

function divide<I>(task: Task<I>, parts: number, number: () => number): Task<I>[] {
  const { length } = task.inputs;
  const size = Math.ceil(length / parts);
  const tasks: Task<I>[] = [];
  for (let start = 0; start < length; start += size) {
    tasks.push({ ...task, ...slice(task, start, start + size), number: number(), attempt: 0 });
  }
  return tasks;
}
