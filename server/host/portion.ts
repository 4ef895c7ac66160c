import { ServerError } from '../errors.ts';
import type { Task } from './task.ts';

/** Inputs of a task that are sent to a worker together, and how often that went wrong. */
export interface Portion {
  readonly task: Task;
  /** Positions in the task. */
  readonly positions: readonly number[];
  /** Must be alone in its worker, and watched: it was in one that died, and no other must be blamed for it. */
  readonly alone: boolean;
  /** How often a worker died with one input of this portion and nothing else. */
  readonly deaths: number;
}

/** Deaths of a worker on an input alone after which it is not run again. */
const MAX_DEATHS = 2;

export function portionOf(task: Task): Portion {
  return { task, positions: Array.from({ length: task.count }, (_, position) => position), alone: false, deaths: 0 };
}

/** What is left of a portion whose worker was ended for another's sake: as it was, and not blamed. */
export function remainder(portion: Portion): Portion[] {
  const positions = openOf(portion);
  return positions.length === 0 ? [] : [{ ...portion, positions }];
}

/**
 * What is left of a portion whose worker died under it. The first time any of its open inputs may be why, so they are
 * run again alone, and watched. Then those that had begun are suspected, and run apart from the others. An input that
 * was the only suspect twice has failed.
 */
export function suspects(portion: Portion, death: Death): Portion[] {
  const { only, begun } = death;
  const { task, alone } = portion;
  const open = openOf(portion);
  if (open.length === 0) return [];
  if (open.length > 1 && !alone) return [{ task, positions: open, alone: true, deaths: 0 }];
  const running = open.filter((position) => begun.has(position));
  const suspected = running.length > 0 ? running : open;
  if (suspected.length > 1) return [...halves({ ...portion, positions: suspected }), ...rest(portion, suspected)];
  const deaths = suspected.length === portion.positions.length ? portion.deaths : 0;
  return [
    ...again({ task, positions: suspected, alone: true, deaths: deaths + (only ? 1 : 0) }, death),
    ...rest(portion, suspected),
  ];
}

export interface Death {
  /** Exit code or signal, for people. */
  readonly how: string;
  /** Whether nothing else was in the worker. */
  readonly only: boolean;
  /** Positions that are known to have begun. */
  readonly begun: ReadonlySet<number>;
  /** Whether there was too little memory, of the process or the machine. */
  readonly outOfMemory: boolean;
  /** Runs an input where there may be more. Default: there is no such place. */
  readonly onOutOfMemory?: ((portion: Portion) => void) | undefined;
}

/** What becomes of an input that is alone. */
function again(portion: Portion, { how, only, outOfMemory, onOutOfMemory }: Death): Portion[] {
  const { task, positions, deaths } = portion;
  if (outOfMemory && only && onOutOfMemory) {
    onOutOfMemory({ ...portion, deaths: 0 });
    return [];
  }
  if (deaths < MAX_DEATHS) return [portion];
  const message = `The worker died (${how}) ${deaths} times while it ran nothing but this input`;
  const code = outOfMemory ? 'OUT_OF_MEMORY' : 'WORKER_CRASHED';
  for (const position of positions) task.failure(position, new ServerError(code, message));
  return [];
}

function rest(portion: Portion, suspected: readonly number[]): Portion[] {
  const others = new Set(suspected);
  return remainder({ ...portion, positions: portion.positions.filter((position) => !others.has(position)) });
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
