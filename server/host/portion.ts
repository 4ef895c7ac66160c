import { ServerError } from '../errors.ts';
import type { Task } from './task.ts';

/** Inputs of a task that are sent to a worker together, and how often that went wrong. */
export interface Portion {
  readonly task: Task;
  /** Positions in the task. */
  readonly positions: readonly number[];
  /** Must be alone in its worker: it was in one that died, and another portion must not be blamed for it. */
  readonly alone: boolean;
  /** How often a worker died with one input of this portion and nothing else. */
  readonly deaths: number;
}

/** Deaths of a worker on an input alone after which it is not run again. */
const MAX_DEATHS = 2;

export function portionOf(task: Task): Portion {
  return { task, positions: [...task.options.inputs.keys()], alone: false, deaths: 0 };
}

/** What is left of a portion whose worker was ended for another's sake: as it was, and not blamed. */
export function remainder(portion: Portion): Portion[] {
  const positions = openOf(portion);
  return positions.length === 0 ? [] : [{ ...portion, positions }];
}

/**
 * What is left of a portion whose worker died under it. Any of the open inputs may be why, so they are halved and each
 * half is run alone; an input that is the only suspect twice has failed.
 */
export function suspects(portion: Portion, { how, only }: { readonly how: string; readonly only: boolean }): Portion[] {
  const { task } = portion;
  const positions = openOf(portion);
  if (positions.length !== 1) return halves({ ...portion, positions });
  const deaths = portion.deaths + (only ? 1 : 0);
  if (deaths < MAX_DEATHS) return [{ task, positions, alone: true, deaths }];
  const times = `${deaths} times`;
  task.failure(
    positions[0]!,
    new ServerError('WORKER_CRASHED', `The worker died (${how}) ${times} while it ran this input alone`),
  );
  return [];
}

/** Two portions of half the inputs each, to be run alone. */
export function halves({ task, positions }: Portion): Portion[] {
  const middle = (positions.length + 1) >> 1;
  return [positions.slice(0, middle), positions.slice(middle)]
    .filter((half) => half.length > 0)
    .map((half) => ({ task, positions: half, alone: true, deaths: 0 }));
}

function openOf({ task, positions }: Portion): readonly number[] {
  return task.over ? [] : positions.filter((position) => task.isOpen(position));
}
