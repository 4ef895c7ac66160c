/** A batch as the pump sees it: which inputs of the map are in it, and what happened to it before. */
export interface Task<I> {
  readonly number: number;
  readonly attempt: number;
  /** Position of each input in the map. */
  readonly indices: readonly number[];
  readonly inputs: readonly I[];
  /** How often the function failed on these inputs before. */
  readonly failures: number;
  /** How often a lane was lost under this batch. */
  readonly losses: number;
  /** When lanes began to turn this batch away because they are busy. */
  readonly busySince?: number | undefined;
  /** The lane that it should not go to next, if there is a better one. */
  readonly avoid?: string;
  /** The lane that it should go to, as long as that is there and well. */
  readonly home?: string | undefined;
}

/** Which inputs of a task are still without an answer. */
export class Unanswered<I> {
  readonly #task: Task<I>;
  readonly #answered: Uint8Array;
  #left: number;

  constructor(task: Task<I>) {
    this.#task = task;
    this.#answered = new Uint8Array(task.inputs.length);
    this.#left = task.inputs.length;
  }

  get count(): number {
    return this.#left;
  }

  /** The position in the map of input `local`, which is answered now; undefined if it does not await an answer. */
  answer(local: number): number | undefined {
    if (this.#answered[local] !== 0) return undefined;
    this.#answered[local] = 1;
    this.#left--;
    return this.#task.indices[local];
  }

  /** What is left of the task, as a part of another. */
  rest(): Pick<Task<I>, 'indices' | 'inputs'> {
    const open = (_: unknown, local: number): boolean => this.#answered[local] === 0;
    return { indices: this.#task.indices.filter(open), inputs: this.#task.inputs.filter(open) };
  }
}
