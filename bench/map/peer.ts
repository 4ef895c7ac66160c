/** What is timed beside us: anything that can run the two functions of `work.ts` in workers of this machine. */
export type FunctionName = 'echo' | 'vector';

export interface MapPeer extends AsyncDisposable {
  /** With its version. */
  readonly name: string;
  /** Sizes of a batch that are tried before it is timed with the best of them; 1 is a task for each input. */
  readonly sizes: Readonly<Record<FunctionName, readonly number[]>>;
  /** Maps a function over 0 to `count` − 1 in batches of `size`. Throws unless each output is right and in its place. */
  run(name: FunctionName, count: number, size: number): Promise<void>;
  /** The most resident memory of the process that gives the inputs and takes the outputs, so far. */
  clientPeakMiB(): number;
}

/** A peer that is not installed here. */
export class PeerMissing extends Error {
  override readonly name = 'PeerMissing';

  /** `mend` is what to do, such as a command. */
  constructor(peer: string, mend: string, options?: ErrorOptions) {
    super(`${peer} is not installed: ${mend}.`, options);
  }
}
