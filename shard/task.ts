/** Some inputs and where they stand in the map. */
export interface Part<I> {
  /** Position of each input in the map; rising. */
  readonly indices: readonly number[];
  readonly inputs: readonly I[];
}

/** A batch as the pump sees it: which inputs of the map are in it, and what happened to them before. */
export interface Task<I> extends Part<I> {
  readonly number: number;
  readonly attempt: number;
  /** How often the function failed on these inputs before. */
  readonly failures: number;
  /** How often a lane was lost, or was at fault, while it had these inputs. */
  readonly losses: number;
  /** How many of these losses may be the doing of the inputs (`recovery.ts`). */
  readonly suspicion: number;
  /** When lanes began to turn this batch away because they are busy. */
  readonly busySince?: number | undefined;
  /** The lane that it should not go to next, if there is a better one. */
  readonly avoid?: string;
  /** The lane that it should go to, as long as that is there and well. */
  readonly home?: string | undefined;
}

export function slice<I>({ indices, inputs }: Part<I>, start: number, end: number): Part<I> {
  return { indices: indices.slice(start, end), inputs: inputs.slice(start, end) };
}
